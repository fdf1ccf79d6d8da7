"""What every check declares about itself, and the words that their settings share."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from edgecompress.core.gate import Limit
from edgecompress.core.power import Statistic
from edgecompress.recipe.section import Section

Share = Annotated[float, Field(ge=0, le=1)]

FEWEST_ROWS = 30
"""A slice or a class with fewer rows decides nothing."""


class Limited(NamedTuple):
    """What one setting limits."""

    measurement: str
    side: str  # "at_least" or "at_most"
    statistic: Statistic | None = None  # for `plan`; None where no counted rows are behind it


@dataclass(frozen=True)
class Claim:
    """A limit and the rows that are to certify it, before any of them is looked at."""

    setting: str
    limit: Limit
    statistic: Statistic
    rows: int
    parts: int = 1  # the rows fall into so many parts, and the smallest has to be certified
    among: int = 1  # so many intervals hold at once
    by: tuple[str, ...] = ()  # attacks, each of which is held to it


class CheckSettings(Section):
    """What every check declares about itself."""

    limited: ClassVar[Mapping[str, Limited]]  # by setting
    libraries: ClassVar[tuple[str, ...]] = ()  # beside those of the runtime: they change numbers
    extra: ClassVar[str] = "build"  # of our package, which brings the libraries
    takes_groups: ClassVar[bool] = True  # whether `data` may be a group of roles, such as `ood`

    @property
    def needs_retrained(self) -> bool:
        """Whether it compares with a second teacher, trained from another seed."""
        return False

    def limits(self) -> dict[str, Limit]:
        """Measurement name -> its limit, for every limit the recipe sets."""
        return {self.limited[setting].measurement: limit for setting, limit in self._set()}

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """For `plan`: every limit of the recipe that rests on counted rows.

        Args:
            rows: of one of its data roles.
        """
        for setting, limit in self._set():
            if statistic := self.limited[setting].statistic:
                yield Claim(setting, limit, statistic, rows)

    def _set(self) -> Iterator[tuple[str, Limit]]:
        for setting, limited in self.limited.items():
            if (value := getattr(self, setting)) is not None:
                yield setting, Limit(**{limited.side: value})

    def roles(self, present: Collection[str]) -> tuple[str, ...]:
        """The data roles it measures on: `data`, or all below it where it is a group (`ood`)."""
        if (data := getattr(self, "data", None)) is None:
            return ()
        return tuple(role for role in present if role.startswith(f"{data}/")) or (data,)

    def sources(self) -> tuple[str, ...]:
        """Resources and files that it reads beside the rows, named as a recipe names them."""
        return ()

    def beside(self, present: Collection[str]) -> tuple[str, ...]:
        """Further roles that it reads, such as one to compare with; no limit is on their rows."""
        return ()
