"""Signs bundles with a private key on this machine, by OpenSSF Model Signing; needs no network.

The one module that needs the extra `sign`. What it writes can be checked by `edgecompress verify`,
by the runtime, and by the tool `model_signing` itself.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from model_signing import hashing, signing

from edgecompress.core.errors import InputError
from edgecompress.runtime.bundle import SIGNATURE, SIGNER
from edgecompress.runtime.public_key import HASHES, PublicKey
from edgecompress.runtime.signature import Signature
from edgecompress.store.sealing import write_durably

PASSWORD = "EDGECOMPRESS_KEY_PASSWORD"  # noqa: S105  (the name of a variable)
HOW_TO_MAKE_ONE = "openssl ecparam -name prime256v1 -genkey -noout -out PRIVATE.pem"


@dataclass(frozen=True)
class Signer:
    """A private key that can be used."""

    path: Path
    password: bytes | None
    public: PublicKey

    def announce(self, folder: Path) -> None:
        """Put the public key into a bundle that is not sealed yet: its manifest then says that a
        signature belongs to it.
        """
        (folder / SIGNER).write_bytes(self.public.pem)

    def sign(self, folder: Path) -> None:
        """Write the signature of a sealed bundle, over every file and the manifest."""
        files = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
        target = folder / SIGNATURE
        signing.Config().set_hashing_config(files).use_elliptic_key_signer(
            private_key=self.path, password=self.password
        ).sign(folder, target)
        write_durably(target, Signature.from_json(target.read_text(encoding="utf-8")).to_json())


def read_signer(path: Path) -> Signer:
    """Read a private key of an elliptic curve; an encrypted one is opened by
    $EDGECOMPRESS_KEY_PASSWORD.

    Raises:
        InputError: it cannot be read or opened, or is no such key.
    """
    told = os.environ.get(PASSWORD)
    password = told.encode() if told else None
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except TypeError:
        why = "is not encrypted; take the password away" if password else "is encrypted; set it"
        raise InputError(f"{path}: {PASSWORD}: the key {why}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(
            f"{path}: not a private key in PEM, or another password; {HOW_TO_MAKE_ONE}"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in HASHES:
        raise InputError(f"{path}: not a key of the curves {', '.join(HASHES)}; {HOW_TO_MAKE_ONE}")
    return Signer(path, password, PublicKey(key.public_key()))
