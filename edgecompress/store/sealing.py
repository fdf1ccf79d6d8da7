"""Making files survive a crash: written aside, flushed to the disk, then renamed into view."""

import os
import shutil
import uuid
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace `path` by `text` at once: a reader sees the old file or the whole new one."""
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_tree(folder: Path) -> None:
    """Wait until every file and folder from `folder` downwards is on the disk.

    A failed flush is never tried again: the kernel may have dropped the pages, and the second try
    would succeed without them (Rebello et al., USENIX ATC 2020).
    """
    for path in folder.rglob("*"):
        _flush(path)
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Wait until the names inside `folder` are on the disk."""
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(folder: Path, trash: Path) -> None:
    """Make `folder` vanish in one step, then delete it at leisure.

    A process killed half-way leaves its rest in `trash`, where nobody takes it for whole. What
    another process has already taken away is no concern of ours.
    """
    doomed = trash / f"{folder.name}-{uuid.uuid4().hex}"
    try:
        folder.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)
