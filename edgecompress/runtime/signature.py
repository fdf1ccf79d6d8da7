"""Whose bundle is this? The signature over all files, and what a device insists on.

`signature.json` is an OpenSSF Model Signing v1.0 file, so other tools read it too: a Sigstore
bundle around a DSSE envelope around an in-toto statement that names each file with its sha256. What
it says is compared with the manifest in plain Python, always. Whose it is takes elliptic curves,
which are loaded when a key is given (extra `verify`).
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from edgecompress.runtime.bundle import MANIFEST, SIGNATURE, SIGNER, Manifest
from edgecompress.runtime.errors import EnvironmentFault, IntegrityError

LARGEST_BYTES = 8_000_000
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ELLIPTIC_CURVES = "edgecompress.runtime.public_key"


@dataclass(frozen=True)
class Signature:
    """A signature as it lies in its file; not believed yet."""

    payload: bytes  # the statement
    value: bytes  # ECDSA, DER
    hint: str  # fingerprint of the key: 64 hexadecimal characters

    @property
    def message(self) -> bytes:
        """What was signed: DSSE v1.0's pre-authentication encoding of the payload."""
        return b"DSSEv1 %d %b %d %b" % (
            len(PAYLOAD), PAYLOAD.encode(), len(self.payload), self.payload,
        )  # fmt: skip

    def to_json(self) -> str:
        """The one way to write it; any other bytes are damage."""
        document = {
            "mediaType": SIGSTORE,
            "verificationMaterial": {"publicKey": {"hint": self.hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": PAYLOAD,
                "signatures": [{"sig": base64.b64encode(self.value).decode(), "keyid": ""}],
            },
        }
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Signature":
        """Read what a signing tool wrote.

        Raises:
            ValueError: it is no signature by a key.
        """
        try:
            document = json.loads(text)
            envelope = document["dsseEnvelope"]
            (signed,) = envelope["signatures"]
            return cls(
                base64.b64decode(envelope["payload"], validate=True),
                base64.b64decode(signed["sig"], validate=True),
                str(document["verificationMaterial"]["publicKey"]["hint"]),
            )
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"not a signature by a key: {error!r}") from error


def require_signed(folder: Path, manifest: Manifest, key: Path | None) -> str | None:
    """Compare a bundle's signature with its files and, if it is told, with the key it must be of.

    Args:
        folder: a bundle whose files are those of its manifest.
        manifest: of the bundle.
        key: the public key, PEM; None asks for no signature. One that is there must still be
            about these files.

    Returns:
        The signer's fingerprint; None for an unsigned bundle that nobody asked a signature of.

    Raises:
        InputError: `key` is no public key.
        IntegrityError: there is no signature but should be, it is by another key, or it is about
            other files.
        EnvironmentFault: a key is given, and the package that understands it is not installed.
    """
    wanted = None if key is None else _curves().read_public_key(key)
    if not manifest.signed:
        if wanted is not None:
            raise IntegrityError(f"{folder}: not signed, and only bundles signed by {key} may pass")
        return None
    signature = _read(folder / SIGNATURE)
    for problem in _problems(signature, folder, manifest):
        raise IntegrityError(f"{folder / SIGNATURE}: {problem}")
    if wanted is not None:
        if wanted.fingerprint != signature.hint:
            raise IntegrityError(
                f"{folder}: signed by another key: {signature.hint[:16]}, "
                f"and {key} is {wanted.fingerprint[:16]}"
            )
        if not wanted.verifies(signature.value, signature.message):
            raise IntegrityError(f"{folder / SIGNATURE}: changed: not what the key {key} signed")
    return signature.hint


def _read(path: Path) -> Signature:
    if path.stat().st_size > LARGEST_BYTES:
        raise IntegrityError(f"{path}: larger than {LARGEST_BYTES:,} bytes")
    try:
        text = path.read_text(encoding="utf-8")
        signature = Signature.from_json(text)
    except ValueError as error:
        raise IntegrityError(f"{path}: changed: {error}") from error
    if text != signature.to_json():
        raise IntegrityError(f"{path}: changed: not as it was written")
    return signature


def _problems(signature: Signature, folder: Path, manifest: Manifest) -> Iterator[str]:
    """What does not fit: the signer's key in the bundle, and each file that was signed."""
    if signature.hint != hashlib.sha256((folder / SIGNER).read_bytes()).hexdigest():
        yield f"changed: by another key than {SIGNER}"
    try:
        signed = _signed_files(json.loads(signature.payload))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        yield f"changed: not a statement about files: {error!r}"
        return
    there = {path: record.sha256 for path, record in manifest.files.items()}
    there[MANIFEST] = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    for path in sorted(signed.keys() ^ there.keys()):
        yield f"of another bundle: {path} is {'signed' if path in signed else 'not signed'}"
    for path in sorted(signed.keys() & there.keys()):
        if signed[path] != there[path]:
            yield f"of another bundle: it is about another {path}"


def _signed_files(statement: dict[str, Any]) -> dict[str, str]:
    """Path -> sha256 of what a statement of OpenSSF Model Signing v1.0 is about."""
    if (statement["_type"], statement["predicateType"]) != (STATEMENT, PREDICATE):
        raise ValueError("another kind of statement")
    rows = statement["predicate"]["resources"]
    files = {str(row["name"]): str(row["digest"]) for row in rows if row["algorithm"] == "sha256"}
    if len(files) < len(rows):
        raise ValueError("a file twice, or hashed otherwise")
    return files


def _curves() -> Any:
    try:
        return import_module(ELLIPTIC_CURVES)
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            f"checking a signature needs {error.name}, which is not installed: "
            'pip install "edgecompress[verify]"'
        ) from None
