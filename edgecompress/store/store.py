"""The store: finished work by key, whole or not there at all.

root/objects/KEY[:2]/KEY/   manifest.json and files/; visible once renamed into place
     drafts/                being written; swept when their process is dead
     scratch/KEY/           resumable state of unfinished work; survives kills
     locks/                 one lock and one note about its owner for each key
     runs/RUN.jsonl         journals
     quarantine/            damaged objects, for a look
     trash/                 being deleted
"""

import errno
import json
import os
import re
import uuid
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import IntegrityError
from edgecompress.core.progress import Progress
from edgecompress.store.faults import storage_faults
from edgecompress.store.keys import canonical_json, folder_files
from edgecompress.store.locks import hold
from edgecompress.store.manifest import Manifest, read_manifest, require_intact
from edgecompress.store.place import Place
from edgecompress.store.record import Journal
from edgecompress.store.sealing import discard, flush_folder, flush_tree
from edgecompress.store.upkeep import Damage, Entry, Pruned, damages, entries, prune

_KEY = re.compile(r"[0-9a-f]{64}")
TAKEN = {errno.EEXIST, errno.ENOTEMPTY}  # what a rename onto a folder with files says
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Store:
    """Finished work of all runs on this machine, shared by processes that may die at any moment.

    Raises, at opening:
        InputError: the root is a file.
        EnvironmentFault: the root cannot be written to.
    """

    def __init__(self, root: Path, progress: Progress, *, wait_s: float = 3600.0) -> None:
        self.root = root
        self.progress = progress
        self.wait_s = wait_s
        self._place = Place(root)
        self._place.open()
        if self._place.on_network():
            progress.warn(
                f"{root}: on a network filesystem, where locks may fail: keep to one run at a time"
            )

    def find(self, key: str) -> Artifact | None:
        """The artifact of `key`, every file hashed again; None when it is not there.

        A damaged object is told once, moved to the quarantine and then not there.
        """
        folder = self._place.object(_require_key(key))
        with storage_faults(self.root):
            if not folder.exists():
                return None
            try:
                manifest = read_manifest(folder)
                require_intact(folder, manifest)
                os.utime(folder)  # `prune` counts days from the last use
            except (IntegrityError, FileNotFoundError) as damage:
                self._set_aside(folder, damage)
                return None
            return manifest.artifact(folder)

    def _set_aside(self, folder: Path, damage: Exception) -> None:
        try:
            folder.rename(self._place.quarantine / f"{folder.name}-{uuid.uuid4().hex[:8]}")
        except FileNotFoundError:
            return  # another process has pruned it or set it aside
        self.progress.warn(f"damaged object set aside, its stage runs again: {damage}")

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Be the only one, among all processes, that works on `key`.

        Raises:
            StoreBusy: another process still does after `wait_s` seconds.
        """
        return hold(self._place.locks / f"{_require_key(key)}.lock", self.wait_s, self.progress)

    def draft(self, key: str) -> AbstractContextManager[Path]:
        """An empty folder for the files of `key`; gone after the block unless sealed inside it.

        Raises:
            EnvironmentFault: the disk filled up inside the block.
        """
        return self._place.draft(_require_key(key))

    def seal(
        self, draft: Path, key: str, kind: str, parents: tuple[str, ...], facts: Facts
    ) -> Artifact:
        """Make the files of `draft` the artifact of `key`: durable first, visible last.

        Whoever seals a key first wins; a later draft is dropped and the first artifact returned.

        Raises:
            IntegrityError: the draft holds a link or another special file.
            EnvironmentFault: the disk is full.
        """
        folder = self._place.object(_require_key(key))
        told = json.loads(canonical_json(dict(facts)))  # as `find` will give them back
        with storage_faults(self.root):
            manifest = Manifest(kind, key, parents, told, folder_files(draft))
            flush_tree(draft)
            manifest.write(draft.parent)
            folder.parent.mkdir(exist_ok=True)
            flush_folder(self._place.objects)
            first = self._reveal(draft.parent, folder)
            discard(self._place.scratch / key, self._place.trash)
        return first or manifest.artifact(folder)

    def _reveal(self, made: Path, folder: Path) -> Artifact | None:
        """Rename into view; the artifact that was there first, if a sound one was.

        One that was there may be pruned before it is read: then there is room after all.
        """
        while True:
            try:
                made.rename(folder)
            except OSError as error:
                if error.errno not in TAKEN:
                    raise
                if first := self.find(folder.name):
                    return first
            else:
                flush_folder(folder.parent)
                return None

    def scratch(self, key: str) -> Path:
        """A folder for the resumable state of unfinished work; it stays until `key` is sealed."""
        folder = self._place.scratch / _require_key(key)
        with storage_faults(self.root):
            folder.mkdir(exist_ok=True)
        return folder

    def journal(self, run_id: str) -> Journal:
        """The journal of one run, new or to be continued."""
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(f"a run id is letters, digits, dots, dashes, got {run_id!r}")
        return Journal(self._place.runs / f"{run_id}.jsonl")

    def entries(self) -> list[Entry]:
        """Every readable object, by key; its files are not hashed."""
        return entries(self._place)

    def prune(self, *, older_than_days: float | None, keep: Collection[str]) -> Pruned:
        """Delete what was last used so many days ago (None: all), except the keys in `keep`.

        Raises:
            StoreBusy: a run is under way and may be using any of it.
        """
        with storage_faults(self.root):
            return prune(self._place, older_than_days, keep)

    def verify(self) -> list[Damage]:
        """Hash every file of every object; what is damaged stays until `find` meets it."""
        return damages(self._place)


def _require_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"a key is 64 hexadecimal characters, got {key!r}")
    return key
