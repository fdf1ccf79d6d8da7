"""report.html: the report as one page that opens anywhere, without network and without scripts."""

from collections.abc import Iterator
from typing import Any

from edgecompress.core.gate import Verdict
from edgecompress.core.report import RunReport
from edgecompress.report.background import rows_of_roles, shared_rows
from edgecompress.report.charts import cost_panels, timeline
from edgecompress.report.claims import limits_of_claim
from edgecompress.report.difficulty import difficulties
from edgecompress.report.exhibits import sections
from edgecompress.report.fallback import fallbacks
from edgecompress.report.findings import (
    cost_finding,
    dearest_finding,
    gate_finding,
    time_finding,
)
from edgecompress.report.fooling import foolings
from edgecompress.report.rendering import environment
from edgecompress.report.tradeoff import tradeoff
from edgecompress.report.verdicts import deciding, gathered, headline, judged, urgency

KEY_FIGURES = (
    *("accuracy_drop", "label_loyalty", "latency_ratio"),
    *("size_ratio", "after_attack_drop", "ood_drop"),
)


def page(report: RunReport) -> str:
    """The same report gives the same bytes: no date, no random name stands in it."""
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            headline=headline(report.gate),
            deciding=deciding(report.gate),
            key_figures=list(_key_figures(report)),
            gate=_gate(report),
            sections=sections(report.gate.exhibits),
            claims=limits_of_claim(report),
            rows=rows_of_roles(report.data),
            shared_rows=shared_rows(report.data),
            **_stages(report),
        )
    )


def _gate(report: RunReport) -> dict[str, Any]:
    gate = report.gate
    first, rest = gathered(judged(gate))
    also, more = gathered([v for v in gate.verdicts if v.limit is None])
    return {
        "finding": gate_finding(gate),
        "judged": (*first, *(r for r in gate.refusals if r.limit)),
        "judged_more": rest,
        "reported": (*also, *(r for r in gate.refusals if not r.limit)),
        "reported_more": more,
        "names": list(dict.fromkeys(v.measured.name for v in gate.verdicts)),
    }


def _stages(report: RunReport) -> dict[str, Any]:
    panels = cost_panels(report.stages)
    return {
        "panels": panels,
        "tradeoff": tradeoff(report.stages),
        "cost_finding": cost_finding(panels) if panels else "",
        "dearest_finding": dearest_finding(panels),
        "difficulties": difficulties(report.stages),
        "foolings": foolings(report.stages),
        "fallbacks": fallbacks(report.stages),
        "spans": timeline(report.stages),
        "time_finding": time_finding(report.stages) if report.stages else "",
    }


def _key_figures(report: RunReport) -> Iterator[Verdict]:
    """Of several parts or roles the one that decides."""
    for name in KEY_FIGURES:
        found = [v for v in report.gate.verdicts if v.measured.name == name]
        if found:
            yield min(found, key=urgency)
