"""What stands at the end of a page: the rows of each role, and whether roles share texts."""

from collections.abc import Mapping
from typing import Any

from edgecompress.report.numbers import fact
from edgecompress.report.sheets import Head, Sheet

OVERLAP = "overlap"  # judging role -> rows that it shares, and why that is right


def rows_of_roles(data: Mapping[str, Any]) -> Sheet | None:
    """A line for each role, a column for whatever is known of one of them."""
    notes = {role: told for role, told in data.items() if role != OVERLAP and told}
    names = list(dict.fromkeys(name for told in notes.values() for name in told))
    if not names:
        return None
    counts = {n: all(isinstance(told.get(n), int) for told in notes.values()) for n in names}
    heads = (Head("role", False), *(Head(n.replace("_", " "), counts[n]) for n in names))
    rows = [(role, *(fact(told.get(n)) for n in names)) for role, told in notes.items()]
    return Sheet(heads, tuple(rows))


def shared_rows(data: Mapping[str, Any]) -> list[str]:
    """One sentence for each judging role with texts that train, too; one if there is none."""
    found: Mapping[str, Any] = data.get(OVERLAP) or {}
    shared = [
        f"{told['rows']:,} rows of {role} stand in what trains, too ({fact(told['with'])}): "
        f"{told['reason']}"
        for role, told in found.items()
        if told.get("rows")
    ]
    return shared or ([f"No text of {', '.join(found)} trains or tunes anything."] if found else [])
