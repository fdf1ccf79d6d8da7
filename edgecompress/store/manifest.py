"""The manifest of a sealed object: what it is, and what every file in it must still be."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import IntegrityError
from edgecompress.store.keys import FileRecord, canonical_json, folder_digest, folder_files
from edgecompress.store.sealing import write_durably

MANIFEST = "manifest.json"
FILES = "files"  # the artifact's own folder, beside the manifest: an artifact holds only its files
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What was true of an object when it was sealed."""

    kind: str
    key: str
    parents: tuple[str, ...]
    facts: Facts
    files: Mapping[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        """Of all its files together."""
        return sum(record.size_bytes for record in self.files.values())

    def write(self, folder: Path) -> None:
        """Write it into `folder`, durably; the last file of an object to appear."""
        text = canonical_json(
            {"format": FORMAT, "digest": folder_digest(self.files)} | asdict(self)
        )
        write_durably(folder / MANIFEST, text)

    def artifact(self, folder: Path) -> Artifact:
        """The object in `folder` as the floors above see it."""
        digest = folder_digest(self.files)
        return Artifact(self.kind, self.key, digest, folder / FILES, self.parents, self.facts)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the object in `folder`.

    Raises:
        IntegrityError: it is missing, is not the JSON that was written, or disagrees with itself.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(
            kind=found["kind"],
            key=found["key"],
            parents=tuple(found["parents"]),
            facts=found["facts"],
            files={name: FileRecord(**record) for name, record in found["files"].items()},
        )
        sound = (found["format"], found["digest"]) == (FORMAT, folder_digest(manifest.files))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise IntegrityError(f"{path}: missing") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise IntegrityError(f"{path}: cannot be read") from None
    if not sound or manifest.key != folder.name:
        raise IntegrityError(f"{path}: does not describe this object")
    return manifest


def require_intact(folder: Path, manifest: Manifest) -> None:
    """Hash every file of the object again and compare.

    Raises:
        IntegrityError: naming the first file that is missing, changed or was added.
    """
    sealed, found = manifest.files, folder_files(folder / FILES)
    for name in sorted({*sealed, *found}):
        if name not in found:
            raise IntegrityError(f"{folder / FILES / name}: missing")
        if name not in sealed:
            raise IntegrityError(f"{folder / FILES / name}: was added after sealing")
        was, now = sealed[name], found[name]
        if was.size_bytes != now.size_bytes:
            raise IntegrityError(
                f"{folder / FILES / name}: {now.size_bytes} bytes, sealed with {was.size_bytes}"
            )
        if was != now:
            raise IntegrityError(f"{folder / FILES / name}: contents changed since sealing")
