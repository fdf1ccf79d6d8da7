"""Where rows come from: a file, a resource or a hub dataset, told apart by how `source` begins."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.data.late import late
from edgecompress.data.readers import format_of, read_file
from edgecompress.data.resources import Resources, pack_named, split_of
from edgecompress.data.table import Table
from edgecompress.recipe.schema import DataRef
from edgecompress.store.keys import file_record

SMALL_BYTES: Final = 8_000_000  # up to here, counting rows by reading them takes no time to notice
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


class Source(Protocol):
    """Something that can be read into a table, and that knows what it is before it is read."""

    def identity(self) -> dict[str, Any]:
        """JSON values that change when its rows would; nothing is fetched or parsed."""

    def rows(self) -> int | None:
        """How many records it has, where that is cheap to know."""

    def table(self) -> Table:
        """Read everything."""


def source_of(ref: DataRef, base: Path, resources: Resources) -> Source:
    """The source that a recipe names; relative paths start at `base`.

    Raises:
        RecipeError: an unknown resource or split, a hub dataset without a commit, or settings
            that the kind of source does not have.
        DataError: a file of an unknown kind.
    """
    source = ref.source or ""
    if source.startswith("hub:"):
        return _hub_source(source.removeprefix("hub:"), ref, resources)
    _refuse_hub_settings(ref)
    if source.startswith("resource:"):
        name = source.removeprefix("resource:")
        return ResourceSource(name, split_of(pack_named(name), ref.split), resources)
    if ref.split is not None:
        raise RecipeError(f"{source}: a file has no splits; name another file, take `split` out")
    format_of(source)
    return FileSource(source, base / Path(source).expanduser())


def _hub_source(dataset: str, ref: DataRef, resources: Resources) -> "HubSource":
    if ref.revision is None or not _COMMIT.fullmatch(ref.revision):
        raise RecipeError(
            f"hub:{dataset}: set `revision` to the commit to pin (7 to 64 hexadecimal digits), "
            f"got {ref.revision or 'nothing'}"
        )
    if ref.split is None:
        raise RecipeError(f"hub:{dataset}: needs `split`, for example train or test")
    return HubSource(dataset, ref.config, ref.split, ref.revision, resources)


def _refuse_hub_settings(ref: DataRef) -> None:
    if ref.config is not None or ref.revision is not None:
        raise RecipeError(
            f"{ref.source}: `config` and `revision` are for hub datasets; take them out, "
            "or write hub:ID"
        )


@dataclass(frozen=True)
class FileSource:
    """One file on this machine."""

    name: str  # as the recipe writes it
    path: Path

    def identity(self) -> dict[str, Any]:
        """The hash of its bytes; its name is not part of it, its format is."""
        try:
            digest = file_record(self.path).sha256
        except OSError as error:
            raise DataError(
                f"{self.name}: cannot be read: {error.strerror} "
                "(relative paths start at the recipe's folder)"
            ) from None
        return {"sha256": digest, "format": format_of(self.name)}

    @property
    def small(self) -> bool:
        """Whether it is read in no time; a file that is not there is told of by who reads it."""
        return not self.path.is_file() or self.path.stat().st_size <= SMALL_BYTES

    def rows(self) -> int | None:
        """Counted by reading, unless the file is large."""
        return len(self.table().lines) if self.small else None

    def table(self) -> Table:
        """Read the whole file."""
        return read_file(self.path, self.name)


@dataclass(frozen=True)
class ResourceSource:
    """One split of a text resource."""

    name: str
    split: str
    resources: Resources

    def identity(self) -> dict[str, Any]:
        """The resource's pin."""
        return {"pin": self.resources.pin(self.name), "split": self.split}

    def rows(self) -> int | None:
        """As the table of resources says."""
        return self.resources.rows(self.name, self.split)

    def table(self) -> Table:
        """Fetch it if need be, then read it."""
        path = self.resources.folder(self.name) / f"{self.split}.jsonl"
        return read_file(path, f"{self.name}/{self.split}")


@dataclass(frozen=True)
class HubSource:
    """One split of a hub dataset at one commit."""

    dataset: str
    config: str | None
    split: str
    revision: str
    resources: Resources  # whose `offline` counts here too

    def identity(self) -> dict[str, Any]:
        """The commit."""
        hub = {"dataset": self.dataset, "revision": self.revision}
        return {"hub": hub, "config": self.config, "split": self.split}

    def rows(self) -> int | None:
        """Unknown: asking would need the network."""
        return None

    def table(self) -> Table:
        """Fetch it if need be, then read it."""
        hub = late("hub")
        folder = hub.fetch(self.dataset, self.revision, offline=self.resources.offline)
        read: Table = hub.read_split(folder, f"hub:{self.dataset}", self.config, self.split)
        return read
