"""The store's folders: what lies where, and the sweep at each opening."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from edgecompress.core.errors import InputError
from edgecompress.store.faults import ELSEWHERE, FULL, storage_faults
from edgecompress.store.manifest import FILES

NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph"})


class Place:
    """The folders below one root, all on one filesystem so that a rename is always possible."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self.drafts = root / "drafts"
        self.scratch = root / "scratch"
        self.locks = root / "locks"
        self.runs = root / "runs"
        self.quarantine = root / "quarantine"
        self.trash = root / "trash"

    def open(self) -> None:
        """Make what is missing, then delete what dead processes left behind.

        Raises:
            InputError: the root, or a part of the way to it, is a file.
            EnvironmentFault: nothing can be written there.
        """
        try:
            with storage_faults(self.root):
                for folder in list(vars(self).values()):
                    folder.mkdir(parents=True, exist_ok=True)
                probe = self.trash / f"probe-{uuid.uuid4().hex}"
                probe.write_bytes(b"")  # a read-only disk shows itself only when written to
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(
                f"{self.root}: {error.filename} is a file, a store is a folder; "
                f"name another one with {ELSEWHERE}"
            ) from None
        self._sweep()

    def object(self, key: str) -> Path:
        """Where the object of `key` lies, if there is one."""
        return self.objects / key[:2] / key

    def on_network(self) -> bool:
        """Whether other machines may see the root, where locks are not to be trusted."""
        root = self.root.resolve()
        mounts = [m for m in psutil.disk_partitions(all=True) if root.is_relative_to(m.mountpoint)]
        nearest = max(mounts, key=lambda mount: len(mount.mountpoint), default=None)
        return nearest is not None and nearest.fstype in NETWORK_FILESYSTEMS

    @contextmanager
    def draft(self, key: str) -> Iterator[Path]:
        """An empty folder for the files of `key`, gone after the block unless it was sealed.

        Raises:
            EnvironmentFault: the disk filled up inside the block.
        """
        draft = self.drafts / f"{key}-{uuid.uuid4().hex}"
        lock = FileLock(_lock_of(draft))  # says to other processes that we live
        with storage_faults(self.drafts):
            lock.acquire()
        try:
            with storage_faults(self.drafts):
                (draft / FILES).mkdir(parents=True)
            with storage_faults(self.drafts, FULL):
                yield draft / FILES
        finally:
            _remove_draft(draft)
            lock.release()

    def _sweep(self) -> None:
        for lock_path in self.drafts.glob("*.lock"):
            try:
                with FileLock(lock_path, timeout=0):
                    _remove_draft(lock_path.with_suffix(""))
            except Timeout:
                continue  # its owner lives
        for rest in self.trash.iterdir():
            if rest.is_dir():
                shutil.rmtree(rest, ignore_errors=True)
            else:
                rest.unlink(missing_ok=True)


def _lock_of(draft: Path) -> Path:
    return draft.with_suffix(".lock")


def _remove_draft(draft: Path) -> None:
    """Delete a draft, then its lock file: a draft without a lock would never be swept."""
    shutil.rmtree(draft, ignore_errors=True)
    _lock_of(draft).unlink(missing_ok=True)
