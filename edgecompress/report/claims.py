"""How far the numbers of a report reach: which rows, which machine, and what was not tested."""

from edgecompress.core.report import RunReport
from edgecompress.report.verdicts import judged

_OF_THIS_MACHINE = {"latency", "size"}


def limits_of_claim(report: RunReport) -> list[str]:
    """Sentences, most important first; each is true of this very report."""
    verdicts = report.gate.verdicts
    return [
        *_rows(report),
        *_intervals(report),
        *_machine(report),
        *(
            []
            if any(v.measured.data.startswith("ood/") for v in verdicts)
            else ["No texts from another source were judged: nothing is known about other domains."]
        ),
        *(
            []
            if any(v.check == "attack" for v in verdicts)
            else ["No attack was tried: nothing is known about texts made to deceive the model."]
        ),
    ]


def _rows(report: RunReport) -> list[str]:
    rows: dict[str, int] = {}
    for verdict in report.gate.verdicts:
        m = verdict.measured
        if m.data and m.unit == "fraction":
            rows[m.data] = max(m.n, rows.get(m.data, 0))
    if not rows:
        return []
    told = ", ".join(f"{n:,} of {role}" for role, n in rows.items())
    return [f"Behaviour was measured on these rows: {told}. It holds for texts like them."]


def _intervals(report: RunReport) -> list[str]:
    count = len(judged(report.gate))
    if count < 2:
        return []
    return [
        "Each interval holds the truth with 95 % confidence; that all of them do at once is less "
        f"sure ({count} limits were judged)."
    ]


def _machine(report: RunReport) -> list[str]:
    if not any(v.check in _OF_THIS_MACHINE for v in report.gate.verdicts):
        return []
    cpu, threads = report.environment.get("cpu", "one machine"), report.environment.get("threads")
    with_threads = f" with {threads} thread{'s' * (threads != 1)}" if threads else ""
    return [f"Times and memory were measured on {cpu}{with_threads}; other machines differ."]
