"""How far the numbers of a report reach: which rows, which machine, and what was not tested."""

from collections.abc import Iterator

from edgecompress.core.report import RunReport
from edgecompress.report.verdicts import judged

_OF_THIS_MACHINE = {"latency", "size"}


def limits_of_claim(report: RunReport) -> list[str]:
    """Sentences, most important first; each is true of this very report."""
    return [*_rows(report), *_intervals(report), *_machine(report), *_untested(report)]


def _rows(report: RunReport) -> Iterator[str]:
    rows: dict[str, int] = {}
    for verdict in report.gate.verdicts:
        m = verdict.measured
        if m.data and m.unit == "fraction":
            there = report.data.get(m.data, {}).get("rows")
            most = there if isinstance(there, int) else m.n  # some measurements count two roles
            rows[m.data] = max(min(m.n, most), rows.get(m.data, 0))
    if rows:
        told = ", ".join(f"{n:,} of {role}" for role, n in rows.items())
        yield f"Behaviour was measured on these rows: {told}. It holds for texts like them."


def _intervals(report: RunReport) -> Iterator[str]:
    if (count := len(judged(report.gate))) > 1:
        yield (
            "Each interval holds the truth with 95 % confidence; that all of them do at once is "
            f"less sure ({count} limits were judged)."
        )


def _machine(report: RunReport) -> Iterator[str]:
    if any(v.check in _OF_THIS_MACHINE for v in report.gate.verdicts):
        cpu = report.environment.get("cpu", "one machine")
        threads = report.environment.get("threads", "unknown")
        yield f"Times and memory are those of {cpu} (threads: {threads}); other machines differ."


def _untested(report: RunReport) -> Iterator[str]:
    verdicts = report.gate.verdicts
    if not any(v.measured.data.startswith("ood/") for v in verdicts):
        yield "No texts from another source were judged: nothing is known about other domains."
    if not any(v.check == "attack" for v in verdicts):
        yield "No attack was tried: nothing is known about texts made to deceive the model."
