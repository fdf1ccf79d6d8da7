"""Looking after the store: what is in it, what is damaged, what may go."""

import math
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgecompress.core.errors import IntegrityError, StoreBusy
from edgecompress.store.locks import held, read_owner
from edgecompress.store.manifest import read_manifest, require_intact
from edgecompress.store.place import Place
from edgecompress.store.sealing import discard

SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class Entry:
    """One object, by its manifest."""

    key: str
    kind: str
    digest: str
    size_bytes: int
    used_at: float  # seconds since the epoch: sealed, or last found
    path: Path


@dataclass(frozen=True)
class Damage:
    """One object that is not what was sealed."""

    key: str
    path: Path
    reason: str


@dataclass(frozen=True)
class Pruned:
    """What a pruning took away."""

    folders: int
    size_bytes: int


def entries(place: Place) -> list[Entry]:
    """Every object whose manifest can be read, by key."""
    found = []
    for folder in _objects(place):
        try:
            manifest = read_manifest(folder)
            digest, used_at = manifest.artifact(folder).digest, folder.stat().st_mtime
        except (IntegrityError, FileNotFoundError):
            continue  # `damages` tells about it
        size_bytes = manifest.size_bytes
        found.append(Entry(manifest.key, manifest.kind, digest, size_bytes, used_at, folder))
    return found


def damages(place: Place) -> list[Damage]:
    """Every object that does not hash to its manifest, by key."""
    found = []
    for folder in _objects(place):
        try:
            require_intact(folder, read_manifest(folder))
        except IntegrityError as error:
            if folder.exists():  # else it was pruned under our eyes
                found.append(Damage(folder.name, folder, str(error)))
    return found


def prune(place: Place, older_than_days: float | None, keep: Collection[str]) -> Pruned:
    """Delete objects, scratch folders and quarantined objects by age and key.

    Raises:
        StoreBusy: a living process holds a key; what it reads is not known here.
    """
    for lock in sorted(place.locks.glob("*.lock")):
        if held(lock):
            owner = read_owner(lock.with_suffix(".json"))
            raise StoreBusy(
                f"{place.root}: {owner or 'a run'} is under way; prune when it has ended"
            )
    days = -math.inf if older_than_days is None else older_than_days
    before = time.time() - days * SECONDS_A_DAY
    folders, size_bytes = 0, 0
    for folder in [*_objects(place), *place.scratch.iterdir(), *place.quarantine.iterdir()]:
        if folder.name in keep:
            continue
        with suppress(FileNotFoundError):  # another process deletes too
            if folder.stat().st_mtime < before:
                size_bytes += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
                discard(folder, place.trash)
                folders += 1
    return Pruned(folders, size_bytes)


def _objects(place: Place) -> Iterator[Path]:
    yield from sorted(path for path in place.objects.glob("*/*") if path.is_dir())
