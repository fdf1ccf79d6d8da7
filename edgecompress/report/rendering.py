"""How pages are made of templates: what every template may use, and how text is made safe."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edgecompress.report.charts import against_limit
from edgecompress.report.numbers import facts, figures, printable, scale_of
from edgecompress.report.verdicts import Told, reason, refused_limit, sentence
from edgecompress.report.words import meaning, title

_IN_A_NUMBER = re.compile(r"(?<=\d) (?=%|(?:points|ms|s|min|kB|MB|GB)\b)|(?<=[≥≤]) ")


@cache
def environment() -> Environment:
    """Templates of this package; all that is put into them is escaped."""
    made = Environment(
        loader=PackageLoader("edgecompress.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.filters |= {"facts": facts, "groups": _groups, "strip": against_limit}
    made.globals |= {
        "figures": figures,
        "meaning": meaning,
        "reason": reason,
        "refused_limit": refused_limit,
        "scale_of": scale_of,
        "sentence": sentence,
        "title": title,
    }
    return made


def _groups(told: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """By check, in the order of the recipe; what a check refused stands below what it measured."""
    found: dict[str, list[Told]] = {}
    for one in told:
        found.setdefault(one.check, []).append(one)
    return list(found.items())


def _finalize(value: Any) -> Any:
    """Foreign text may not hide or reorder what follows it, and units stay with their numbers."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _IN_A_NUMBER.sub("\N{NO-BREAK SPACE}", printable(value))
