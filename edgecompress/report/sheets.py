"""Tables of words and numbers, each column with one unit and the digits that it needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgecompress.report.contents import Cell, Column, Table
from edgecompress.report.numbers import usual_scale
from edgecompress.report.words import title

FITTING = 60  # characters of a row that a phone can show side by side, scrolled a little


@dataclass(frozen=True)
class Head:
    """Of a column."""

    name: str
    number: bool


@dataclass(frozen=True)
class Sheet:
    """A table that is ready to be printed."""

    head: tuple[Head, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def long(self) -> bool:
        """Whether a phone should show each row as a list."""
        return any(sum(map(len, row)) > FITTING for row in self.rows)


def sheet_of(table: Table) -> Sheet:
    """Every cell as people write it; what is missing is a dash."""
    cells = [_column(c, [row[k] for row in table.rows]) for k, c in enumerate(table.columns)]
    heads = tuple(Head(title(c.name), bool(c.unit)) for c in table.columns)
    return Sheet(heads, tuple(zip(*cells, strict=True)))


def sheet(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Cell]]) -> Sheet:
    """The same from (name, unit) of each column."""
    named = tuple(Column(name=name, unit=unit) for name, unit in columns)
    return sheet_of(Table(columns=named, rows=tuple(map(tuple, rows))))


def _column(column: Column, values: Sequence[Cell]) -> list[str]:
    sizes = [abs(v) for v in values if isinstance(v, int | float)]
    scale = usual_scale(column.name, column.unit, max(sizes, default=0.0))
    return [scale.write(v) if isinstance(v, int | float) else v or "–" for v in values]
