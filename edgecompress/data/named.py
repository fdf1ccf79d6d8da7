"""What a recipe names beside its rows: `resource:NAME`, or a file."""

from dataclasses import dataclass
from pathlib import Path

from edgecompress.core.errors import DataError
from edgecompress.data.resources import Resources
from edgecompress.store.keys import file_record

RESOURCE = "resource:"


@dataclass(frozen=True)
class NamedSources:
    """Finds them; see `core.case.Sources`."""

    base: Path  # where relative paths start
    resources: Resources

    def digest(self, name: str) -> str:
        """The pin of a resource, the hash of a file.

        Raises:
            RecipeError: there is no such resource.
            DataError: the file cannot be read.
        """
        if name.startswith(RESOURCE):
            return self.resources.pin(name.removeprefix(RESOURCE))
        try:
            return file_record(self.place(name)).sha256
        except OSError as error:
            raise DataError(
                f"{name}: cannot be read: {error.strerror} "
                "(relative paths start at the recipe's folder)"
            ) from None

    def place(self, name: str) -> Path:
        """A folder, fetched if need be, or a file, whether or not it is there."""
        if name.startswith(RESOURCE):
            return self.resources.folder(name.removeprefix(RESOURCE))
        return self.base / Path(name).expanduser()
