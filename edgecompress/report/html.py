"""report.html: the report as one page that opens anywhere, without network and without scripts."""

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edgecompress.core.gate import Verdict
from edgecompress.core.report import RunReport
from edgecompress.report.charts import against_limit, cost_panels, timeline
from edgecompress.report.claims import limits_of_claim
from edgecompress.report.difficulty import difficulties
from edgecompress.report.findings import cost_finding, gate_finding, time_finding
from edgecompress.report.numbers import fact, figures, printable, scale_of
from edgecompress.report.verdicts import deciding, headline, judged, reason, sentence
from edgecompress.report.words import meaning, title

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|(?:points|ms|s|min|kB|MB|GB)\b)")
KEY_FIGURES = ("accuracy_drop", "label_loyalty", "latency_ratio", "size_ratio")


def page(report: RunReport) -> str:
    """The same report gives the same bytes: no date, no random name stands in it."""
    panels = cost_panels(report.stages)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            headline=headline(report.gate),
            deciding=deciding(report.gate),
            key_figures=list(_key_figures(report)),
            judged=judged(report.gate),
            reported=tuple(v for v in report.gate.verdicts if v.limit is None),
            gate_finding=gate_finding(report.gate),
            panels=panels,
            cost_finding=cost_finding(panels) if panels else "",
            difficulties=difficulties(report.stages),
            spans=timeline(report.stages),
            time_finding=time_finding(report.stages) if report.stages else "",
            claims=limits_of_claim(report),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("edgecompress.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {"fact": fact, "strip": against_limit}
    environment.globals |= {
        "figures": figures,
        "meaning": meaning,
        "reason": reason,
        "scale_of": scale_of,
        "sentence": sentence,
        "title": title,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Foreign text may not hide or reorder what follows it, and units stay with their numbers."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", printable(value))


def _key_figures(report: RunReport) -> Iterator[Verdict]:
    for name in KEY_FIGURES:
        yield from [v for v in report.gate.verdicts if v.measured.name == name][:1]
