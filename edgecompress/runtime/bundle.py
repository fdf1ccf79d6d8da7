"""A bundle: a folder whose every file is named, sized and hashed in its manifest.

The manifest is `.edgecompress/manifest.json`: format version, release sequence, path, size and
sha256 of every other file, and a digest over all of that. It finds damage and carelessness. It does
not stop somebody who can rewrite the manifest too: a signature does, over all files and the
manifest (`signature.py`). It is the one file that the manifest cannot know. A manifest that has the
signer's public key says that there is a signature, so that nobody can lose it on the way.
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress.runtime.errors import EnvironmentFault, InputError, IntegrityError

FORMAT_VERSION = 1
META = ".edgecompress"  # what we say about the model; the rest of a bundle is for everybody
MANIFEST = f"{META}/manifest.json"
DRAFT = f"{META}/manifest.draft"
SIGNER = f"{META}/signer.pem"  # a public key; the manifest knows it, so it tells who will sign
SIGNATURE = f"{META}/signature.json"  # over everything else, the manifest included
REQUIRED = ("config.json", "model.onnx", "tokenizer.json")
LARGEST_MANIFEST_BYTES = 4_000_000  # thousands of files; more is an attack on our memory
NAMED_AT_MOST = 5  # files an error names before it only counts


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the manifest knows of one file."""

    size: int  # bytes
    sha256: str  # 64 hexadecimal characters


@dataclass(frozen=True)
class Manifest:
    """Every file of a bundle but the manifest itself, by its path below the bundle, "/" between."""

    sequence: int  # of releases of one model: 1, 2, 3 ...
    files: Mapping[str, FileRecord]

    @property
    def digest(self) -> str:
        """64 hexadecimal characters: the same bundle, to the byte, wherever it lies."""
        text = json.dumps(self._facts(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def signed(self) -> bool:
        """Whether the bundle was released with a signature; says nothing about what it is worth."""
        return SIGNER in self.files

    def to_json(self) -> str:
        """The one way to write this manifest; any other bytes are damage."""
        return json.dumps({**self._facts(), "digest": self.digest}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is anything else, down to a single space.
        """
        facts = json.loads(text)
        if not isinstance(facts, dict):
            raise ValueError("not a JSON object")
        version = facts.get("format_version")
        if version != FORMAT_VERSION:
            raise ValueError(f"format version {version!r}; this runtime reads {FORMAT_VERSION}")
        rows, sequence = facts.get("files"), facts.get("sequence")
        if not isinstance(rows, list) or not all(map(_is_row, rows)) or type(sequence) is not int:
            raise ValueError("a field is missing or of the wrong kind")
        manifest = cls(sequence, {r["path"]: FileRecord(r["size"], r["sha256"]) for r in rows})
        if facts.get("digest") != manifest.digest or text != manifest.to_json():
            raise ValueError("its text does not match its own digest")
        return manifest

    def _facts(self) -> dict[str, Any]:
        rows = [
            {"path": path, "size": record.size, "sha256": record.sha256}
            for path, record in sorted(self.files.items())
        ]
        return {"format_version": FORMAT_VERSION, "sequence": self.sequence, "files": rows}


def seal_bundle(folder: Path, *, sequence: int) -> str:
    """Write the manifest of everything that lies below `folder` now; return the bundle's digest.

    Raises:
        InputError: a required file is missing, or a path cannot travel to every file system.
    """
    if sequence < 1:
        raise InputError(f"{folder}: the release sequence starts at 1, got {sequence}")
    for old in (DRAFT, SIGNATURE):  # of a seal that was killed, and of other contents
        (folder / old).unlink(missing_ok=True)
    files = {}
    try:
        for path, size in sorted(_listing(folder)):
            files[path] = FileRecord(size, _sha256(folder / path))
    except IntegrityError as error:
        raise InputError(str(error)) from error
    if missing := [path for path in REQUIRED if path not in files]:
        raise InputError(f"{folder}: a bundle needs {', '.join(missing)}")
    if problem := _unsafe(files):
        raise InputError(f"{folder}: {problem}")
    manifest = Manifest(sequence, files)
    _write(folder, manifest.to_json())
    return manifest.digest


def verify_bundle(folder: Path) -> Manifest:
    """Hash every file and compare with the manifest.

    Raises:
        InputError: there is no such folder.
        IntegrityError: names what is changed, missing, added or renamed, or what is wrong with
            the manifest; links and special files are refused wherever they point.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder; a bundle is a folder with {MANIFEST}")
    manifest = _read_manifest(folder)
    found = dict(_listing(folder))
    known = manifest.files.keys() | ({SIGNATURE} if manifest.signed else set())
    missing = sorted(known - found.keys())
    added = sorted(found.keys() - known)
    problems = list(_misplaced(folder, manifest, missing, added))
    for path in sorted(manifest.files.keys() & found.keys()):
        record = manifest.files[path]
        if found[path] != record.size:
            problems.append(f"{path}: changed, {found[path]} bytes instead of {record.size}")
        elif _sha256(folder / path) != record.sha256:
            problems.append(f"{path}: changed, its sha256 is not the sealed one")
    if problems:
        more = len(problems) - NAMED_AT_MOST
        told = "; ".join(problems[:NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
        raise IntegrityError(f"{folder}: not the bundle that was sealed: {told}")
    return manifest


def is_bundle(folder: Path) -> bool:
    """Whether `folder` says of itself that it is a bundle; says nothing about damage."""
    return os.path.lexists(folder / META)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        raise IntegrityError(f"{folder}: not a bundle: {MANIFEST} is missing or not a plain file")
    if path.stat().st_size > LARGEST_MANIFEST_BYTES:
        raise IntegrityError(f"{path}: larger than {LARGEST_MANIFEST_BYTES} bytes")
    try:
        manifest = Manifest.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{path}: changed: {error}") from error
    if problem := _unsafe(manifest.files):
        raise IntegrityError(f"{path}: {problem}")
    return manifest


def _misplaced(
    folder: Path, manifest: Manifest, missing: list[str], added: list[str]
) -> Iterator[str]:
    """What is missing, added, or both at once: renamed."""
    now_at = {_sha256(folder / path): path for path in added} if missing else {}
    renamed = set()
    for path in missing:
        if path == SIGNATURE:
            yield f"{path}: missing, and this bundle was released with a signature"
        elif new := now_at.get(manifest.files[path].sha256):
            renamed.add(new)
            yield f"{path}: renamed to {new}"
        else:
            yield f"{path}: missing"
    yield from (
        f"{path}: added, the manifest does not know it" for path in added if path not in renamed
    )


def _listing(folder: Path) -> Iterator[tuple[str, int]]:
    """Path and size of every file below `folder` but the manifest itself."""
    waiting = [""]
    try:
        while waiting:
            below = waiting.pop()
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    path = f"{below}{entry.name}"
                    if entry.is_symlink():
                        raise IntegrityError(f"{folder}: {path} is a link; a bundle holds none")
                    if entry.is_dir():
                        waiting.append(f"{path}/")
                    elif not entry.is_file():
                        raise IntegrityError(f"{folder}: {path} is not a plain file")
                    elif path != MANIFEST:
                        yield path, entry.stat().st_size
    except OSError as error:
        raise EnvironmentFault(f"{folder}: cannot be read: {error}") from error


def _unsafe(files: Mapping[str, FileRecord]) -> str | None:
    """Why these paths could reach outside the bundle, or fall together on another file system."""
    seen: dict[str, str] = {}
    for path in files:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts) or "\\" in path or ":" in path or not path.isprintable():
            return f"the path {path!r} is not a plain relative path"
        for depth in range(len(parts)):
            there = "/".join(parts[: depth + 1])
            folded = unicodedata.normalize("NFC", there).casefold()
            if seen.setdefault(folded, there) != there:
                return f"{seen[folded]} and {there} are one name where case does not count"
    return None


def _is_row(row: object) -> bool:
    kinds = {"path": str, "size": int, "sha256": str}
    return isinstance(row, dict) and {key: type(value) for key, value in row.items()} == kinds


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EnvironmentFault(f"{path}: cannot be read: {error}") from error


def _write(folder: Path, text: str) -> None:
    """All of it or nothing, also when the power fails."""
    (folder / META).mkdir(exist_ok=True)
    with (folder / DRAFT).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    (folder / DRAFT).replace(folder / MANIFEST)
