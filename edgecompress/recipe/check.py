"""What every check declares about itself, and the words that their settings share."""

from collections.abc import Collection
from typing import Annotated, ClassVar

from pydantic import Field

from edgecompress.core.gate import Limit
from edgecompress.recipe.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class CheckSettings(Section):
    """What every check declares about itself."""

    # setting -> (measurement, side of the limit: "at_least" or "at_most")
    limited: ClassVar[dict[str, tuple[str, str]]]
    libraries: ClassVar[tuple[str, ...]] = ()  # beside those of the runtime: they change numbers

    @property
    def needs_retrained(self) -> bool:
        """Whether it compares with a second teacher, trained from another seed."""
        return False

    def limits(self) -> dict[str, Limit]:
        """Measurement name -> its limit, for every limit the recipe sets."""
        found = {}
        for setting, (measurement, side) in self.limited.items():
            if (value := getattr(self, setting)) is not None:
                found[measurement] = Limit(**{side: value})
        return found

    def roles(self, present: Collection[str]) -> tuple[str, ...]:
        """The data roles it measures on: `data`, or all below it where it is a group (`ood`)."""
        if (data := getattr(self, "data", None)) is None:
            return ()
        return tuple(role for role in present if role.startswith(f"{data}/")) or (data,)
