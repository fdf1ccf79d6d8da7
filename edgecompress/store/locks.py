"""One maker for each key: locks that the kernel releases when their owner dies."""

import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from edgecompress.core.errors import StoreBusy
from edgecompress.core.progress import Progress
from edgecompress.store.faults import storage_faults
from edgecompress.store.sealing import write_durably

PATIENCE_S = 1.0  # how long we wait in silence
POLL_S = 0.1


@dataclass(frozen=True)
class Owner:
    """Who holds a lock; for people to read, the lock itself is the kernel's."""

    pid: int
    host: str
    command: str
    since: float  # seconds since the epoch

    @classmethod
    def myself(cls) -> "Owner":
        """This process, now."""
        return cls(os.getpid(), socket.gethostname(), shlex.join(sys.argv)[:200], time.time())

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host} ({self.command})"

    @property
    def held_s(self) -> float:
        """Seconds since it took the lock, by the wall clock, which may have jumped."""
        return max(0.0, time.time() - self.since)


@contextmanager
def hold(path: Path, wait_s: float, progress: Progress) -> Iterator[None]:
    """Hold the lock at `path` for the length of the block; who holds it stands in `path`.json.

    A lock whose owner died is free already, and its note tells us so: that is said once.

    Raises:
        StoreBusy: another process still holds it after `wait_s` seconds.
        EnvironmentFault: the lock cannot be written.
    """
    lock = FileLock(path)
    note = path.with_suffix(".json")
    with storage_faults(path):
        _acquire(lock, note, wait_s, progress)
    try:
        if dead := read_owner(note):
            progress.say(f"taking over from {dead}, which ended without letting go")
        with storage_faults(path):
            write_durably(note, json.dumps(asdict(Owner.myself())))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, note: Path, wait_s: float, progress: Progress) -> None:
    started = time.monotonic()
    try:
        lock.acquire(timeout=min(wait_s, PATIENCE_S), poll_interval=POLL_S)
    except Timeout:
        if wait_s > PATIENCE_S:
            progress.say(f"waiting for another run: held by {_holder(note)}")
        left_s = max(0.0, wait_s - (time.monotonic() - started))
        try:
            lock.acquire(timeout=left_s, poll_interval=POLL_S)
        except Timeout:
            raise StoreBusy(
                f"{lock.lock_file}: held by {_holder(note)}; let it finish, end it, "
                "or work in another store with --store"
            ) from None


def held(path: Path) -> bool:
    """Whether a living process, this one included, holds the lock at `path`."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def read_owner(note: Path) -> Owner | None:
    """What a note says; None when there is none, or it cannot be read."""
    try:
        return Owner(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _holder(note: Path) -> str:
    owner = read_owner(note)
    return f"{owner} for {owner.held_s:.0f} s" if owner else "a process that left no name"
