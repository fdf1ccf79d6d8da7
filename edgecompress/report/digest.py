"""Exhibits in a few lines of Markdown: the worst rows of each table, two examples of attacks."""

import re
from collections.abc import Iterable, Iterator, Sequence

from edgecompress.core.exhibit import Exhibit
from edgecompress.report.contents import Adversarial, Attacked, Table, content_of
from edgecompress.report.numbers import printable
from edgecompress.report.sheets import sheet_of

WORST_ROWS = 5  # of each table
EXAMPLES = 2  # of all attacks together
LONGEST_PIECE = 300  # characters
_SPECIAL = re.compile(r"([\\`*_\[\]#|<>~@])")


def escape(text: str, longest: int = 200) -> str:
    """`text` as plain words in one table cell, whatever it holds."""
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text, longest).split()))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column whose head ends in ":" is flush right."""
    rule = ["---:" if name.endswith(":") else "---" for name in head]
    names = [name.removesuffix(":") for name in head]
    return "\n".join(f"| {' | '.join(row)} |" for row in (names, rule, *rows))


def digest(exhibits: Sequence[Exhibit]) -> str:
    """Empty where there is neither a table nor an attack."""
    return "\n\n".join([*_tables(exhibits), *_examples(exhibits)])


def _tables(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    for exhibit in exhibits:
        content = content_of(exhibit)
        if isinstance(content, Table):
            sheet = sheet_of(content)
            head = [escape(h.name) + ":" * h.number for h in sheet.head]
            rows = [[escape(cell) for cell in row] for row in sheet.rows[:WORST_ROWS]]
            more = len(sheet.rows) - len(rows)
            left_out = f"\n\nAnd {more} more rows." if more else ""
            yield f"#### {escape(exhibit.title)}\n\n{table(head, rows)}{left_out}"


def _examples(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    """One of each attack, until there are enough."""
    contents = [content_of(exhibit) for exhibit in exhibits]
    attacks = [c for c in contents if isinstance(c, Adversarial) and c.rows]
    if attacks:
        lines = [f"- {escape(a.attack)}: {_example(a.rows[0])}" for a in attacks[:EXAMPLES]]
        yield "#### Examples of attacks\n\n" + "\n".join(lines)


def _example(row: Attacked) -> str:
    changed = f"{escape(row.before)} → {escape(row.after)}"
    return f"{changed}: {' '.join(_piece(kind, text) for kind, text in row.diff)}"


def _piece(kind: str, text: str) -> str:
    words = escape(text, LONGEST_PIECE)
    marks = {"gone": "~~", "new": "**"}.get(kind, "") if words else ""
    return f"{marks}{words}{marks}"
