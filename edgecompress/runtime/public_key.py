"""A public key that signatures are checked by: elliptic curves, as OpenSSF Model Signing has them.

The one module of the runtime that needs the package `cryptography`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from edgecompress.runtime.errors import InputError

HASHES: dict[str, hashes.HashAlgorithm] = {  # by curve, as the specification pairs them
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
HOW_TO_MAKE_ONE = "openssl ec -in PRIVATE.pem -pubout -out PUBLIC.pem"


@dataclass(frozen=True)
class PublicKey:
    """A key that can check, and not sign."""

    curve: ec.EllipticCurvePublicKey

    @property
    def pem(self) -> bytes:
        """The one way to write it."""
        written: bytes = self.curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return written

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal characters: sha256 of the PEM text."""
        return hashlib.sha256(self.pem).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (ECDSA, DER) is this key's over `message`."""
        try:
            self.curve.verify(signature, message, ec.ECDSA(HASHES[self.curve.curve.name]))
        except InvalidSignature:
            return False
        return True


def read_public_key(path: Path) -> PublicKey:
    """Read a public key from a PEM file.

    Raises:
        InputError: it cannot be read, holds no public key, or one of another curve.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if b"PRIVATE KEY" in content:
        raise InputError(f"{path}: a private key; give its public half: {HOW_TO_MAKE_ONE}")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{path}: not a public key in PEM; {HOW_TO_MAKE_ONE}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
        raise InputError(f"{path}: not a key of the curves {', '.join(HASHES)}")
    return PublicKey(key)
