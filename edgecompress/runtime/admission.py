"""What a bundle must be before anything of it is opened: whole, signed if asked for, not too old.

A device says what it insists on in two environment variables, so that no program on it can forget
to: EDGECOMPRESS_KEY names the public key that every bundle must be signed by, EDGECOMPRESS_AT_LEAST
the oldest release that may run.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from edgecompress.runtime.bundle import Manifest, verify_bundle
from edgecompress.runtime.contents import require_plain_contents
from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.signature import require_signed

KEY = "EDGECOMPRESS_KEY"
AT_LEAST = "EDGECOMPRESS_AT_LEAST"


@dataclass(frozen=True)
class Demands:
    """What is asked of a bundle beyond being whole."""

    key: Path | None = None  # of the signer, public; None lets unsigned bundles pass
    at_least: int = 0  # oldest release sequence; tells releases signed by one key apart

    @classmethod
    def here(cls, key: str | Path | None = None, at_least: int | None = None) -> "Demands":
        """What the caller says, else what this device's environment says.

        Raises:
            InputError: the environment does not say a number where one belongs.
        """
        named = key if key is not None else os.environ.get(KEY)
        if at_least is None:
            told = os.environ.get(AT_LEAST) or "0"
            if not told.isascii() or not told.isdigit():
                raise InputError(f"{AT_LEAST}: must be a release number, got {told!r}")
            at_least = int(told)
        return cls(Path(named) if named else None, at_least)


@dataclass(frozen=True)
class Admitted:
    """A bundle that may be opened."""

    manifest: Manifest
    signer: str | None  # fingerprint of the key that signed it, checked only if one was demanded


def admit(folder: Path, demands: Demands) -> Admitted:
    """Check everything that can be known of a bundle without opening it, in this order: its files,
    its signature, its age, what its files hold.

    Raises:
        InputError: there is no such folder, or the key is no key.
        IntegrityError: the bundle is not what was sealed, not by the signer, older than allowed,
            or holds what no bundle should.
        EnvironmentFault: a key is demanded, and the package that understands it is not installed.
    """
    manifest = verify_bundle(folder)
    signer = require_signed(folder, manifest, demands.key)
    if manifest.sequence < demands.at_least:
        raise IntegrityError(
            f"{folder}: release {manifest.sequence} is older than {demands.at_least}, "
            "the oldest that may run here"
        )
    require_plain_contents(folder, manifest)
    return Admitted(manifest, signer)
