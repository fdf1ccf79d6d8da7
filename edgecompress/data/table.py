"""A source as it was read: columns of values that mean nothing yet, and the line of each record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgecompress.core.errors import DataError
from edgecompress.recipe.mistakes import did_you_mean

SHOWN: Final = 5


@dataclass(frozen=True)
class Missing:
    """What stands where a record has no such column; not the same as an empty value."""


MISSING: Final = Missing()


@dataclass(frozen=True)
class Table:
    """Columns of equal length."""

    name: str  # as a message should call it, e.g. "reviews.csv"
    columns: Mapping[str, Sequence[object]]
    lines: Sequence[int]  # where each record starts, counted from 1

    def column(self, name: str) -> Sequence[object]:
        """The values of one column.

        Raises:
            DataError: there is no such column.
        """
        if name not in self.columns:
            seen = ", ".join(self.columns)
            hint = did_you_mean(name, self.columns).partition("; allowed")[0]
            raise DataError(f'{self.name}: no column "{name}"{hint}; it has {seen or "none"}')
        return self.columns[name]


def require_sound(name: str, problems: Sequence[tuple[int, str]]) -> None:
    """Refuse a source in which (line, what is wrong there) was found.

    Raises:
        DataError: with the place of the first five, and how many there are.
    """
    if not problems:
        return
    places = [f"{name}:{line}: {what}" for line, what in problems[:SHOWN]]
    if len(problems) == 1:
        raise DataError(places[0])
    rest = len(problems) - len(places)
    tail = [f"and {rest} more"] if rest else []
    raise DataError("\n  ".join([f"{name} has {len(problems)} bad rows:", *places, *tail]))
