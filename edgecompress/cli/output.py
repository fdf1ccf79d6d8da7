"""Results on stdout: a plain table for people, one document for programs."""

import json
from collections.abc import Iterable, Sequence
from textwrap import indent
from typing import Any

import click


def document(value: Any) -> None:
    """One strict JSON document; paths and the like are written as text."""
    click.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False, default=str))


def long_list(values: Iterable[Any]) -> None:
    """The document of a list of which only one item is ever in memory."""
    before = "["
    for value in values:
        text = json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False, default=str)
        click.echo(f"{before}\n{indent(text, '  ')}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def event(value: Any) -> None:
    """One line of a stream of JSON documents, out at once."""
    click.echo(json.dumps(value, allow_nan=False, ensure_ascii=False))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Left-aligned columns, as wide as what stands in them."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def human_bytes(count: float | None) -> str:
    """17.2 MB, 512 B; nothing for None."""
    if count is None:
        return "-"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def human_seconds(seconds: float | None) -> str:
    """45 s, 3 min; nothing for None."""
    if seconds is None:
        return "-"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
