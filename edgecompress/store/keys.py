"""Naming: what was asked (a step's key) and what came out (a folder's digest)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from edgecompress.core.errors import IntegrityError


def canonical_json(value: Any) -> str:
    """The one JSON text of `value`: keys sorted, no spaces, ASCII only.

    Raises:
        ValueError: a number is not finite; two of those are never the same question.
        TypeError: something is not a JSON value.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def step_key(asked: Mapping[str, Any]) -> str:
    """Name a step by everything that can change its result, as 64 hexadecimal characters.

    The caller puts in: `kind` and `version` of the stage, its `settings`, the digests of its
    `inputs` (artifacts and rows), the `seed`, and the versions of the `libraries` that take part.
    Names, paths, dates and thread counts stay out: they must not make a step run again.
    """
    return hashlib.sha256(canonical_json(dict(asked)).encode()).hexdigest()


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Distribution name -> installed version; "absent" where it is not installed."""
    return {name: _version(name) for name in sorted(names)}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


@dataclass(frozen=True)
class FileRecord:
    """One file as it was sealed."""

    size_bytes: int
    sha256: str


def folder_files(folder: Path) -> dict[str, FileRecord]:
    """Relative path (with `/`) -> record, of every file below `folder`; empty folders do not count.

    Raises:
        IntegrityError: something is neither a file nor a folder. A link would let the contents
            change without the folder noticing, so links are refused even when they stay inside.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise IntegrityError(f"{path}: only plain files and folders can be sealed")
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = file_record(path)
    return found


def file_record(path: Path) -> FileRecord:
    """Size and sha256 of one file, read in pieces."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileRecord(size_bytes=file.tell(), sha256=digest)


def folder_digest(files: Mapping[str, FileRecord]) -> str:
    """64 hexadecimal characters over all paths and contents, whatever order they come in."""
    contents = {path: record.sha256 for path, record in files.items()}
    return hashlib.sha256(canonical_json(contents).encode()).hexdigest()
