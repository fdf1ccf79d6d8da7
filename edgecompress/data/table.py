"""A source as it was read: columns of values that mean nothing yet, and the line of each record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgecompress.core.errors import DataError
from edgecompress.recipe.mistakes import did_you_mean

SHOWN: Final = 5  # places, or kinds of complaint


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
        DataError: with the place of each of a few; of many each complaint once, with its first
            place and how many rows it is about.
    """
    if not problems:
        return
    told = [f"{name}:{line}: {what}" for line, what in problems]
    if len(problems) == 1:
        raise DataError(told[0])
    if len(problems) > SHOWN:
        told = _complaints(name, problems)
    raise DataError("\n  ".join([f"{name} has {len(problems):,} bad rows:", *told]))


def _complaints(name: str, problems: Sequence[tuple[int, str]]) -> list[str]:
    """The first few kinds, in the order in which they occur."""
    lines: dict[str, list[int]] = {}
    for line, what in problems:
        lines.setdefault(what, []).append(line)
    shown = list(lines.items())[:SHOWN]
    told = [
        f"{name}:{at[0]}: {what}" + (f", and so in {len(at) - 1:,} more" if at[1:] else "")
        for what, at in shown
    ]
    rest = len(problems) - sum(len(at) for _, at in shown)
    return [*told, f"and {rest:,} others"] if rest else told
