"""What `bench` found, for people, programs and CI systems."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgecompress.core.gate import GateReport, Verdict
from edgecompress.report.json import SCHEMA_VERSION, check_entry
from edgecompress.report.junit import junit_of
from edgecompress.report.numbers import figures, printable
from edgecompress.report.table import aligned, in_ascii
from edgecompress.report.verdicts import judged, sentence

_HEAD = ("measurement", "part", "value", "interval", "limit", "n", "how")


@dataclass(frozen=True)
class Benched:
    """One model that was timed."""

    name: str
    digest: str
    bytes: int  # of its graph
    backend: str


@dataclass(frozen=True)
class BenchReport:
    """Every number of one call; limits are set only where there is an opponent."""

    model: Benched
    against: Benched | None
    threads: int
    texts: Mapping[str, float]  # rows, tokens_p50, tokens_max
    environment: Mapping[str, Any]
    gate: GateReport


def bench_json(report: BenchReport) -> dict[str, Any]:
    """The document; `verdict` is null where nothing was judged."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.gate.outcome.value if report.against else None,
        "model": asdict(report.model),
        "against": asdict(report.against) if report.against else None,
        "threads": report.threads,
        "texts": dict(report.texts),
        "environment": dict(report.environment),
        "checks": [check_entry(verdict) for verdict in report.gate.verdicts],
    }


def bench_text(report: BenchReport) -> str:
    """ASCII: what was judged in a sentence each, who, then all numbers."""
    told = [f"{v.outcome.upper()}: {sentence(v)}" for v in judged(report.gate)]
    rows = aligned([_HEAD, *map(_row, report.gate.verdicts)])
    notes = [
        f"{v.measured.name}: {v.measured.note}" for v in report.gate.verdicts if v.measured.note
    ]
    return in_ascii("\n".join([*told, _who(report), "", *rows, *notes]))


def bench_junit(report: BenchReport) -> str:
    """A test case for each limit."""
    against = f" against {report.against.name}" if report.against else ""
    return junit_of(f"bench of {report.model.name}{against}", report.model.digest, report.gate)


def _row(verdict: Verdict) -> tuple[str, ...]:
    m, shown = verdict.measured, figures(verdict.measured, verdict.limit)
    return (m.name, m.part, shown.value, shown.interval, shown.limit, shown.n, m.method)


def _who(report: BenchReport) -> str:
    texts, threads = report.texts, report.threads
    lengths = f"{texts['tokens_p50']:.0f} tokens in the middle, {texts['tokens_max']:.0f} at most"
    models = [_model("model", report.model)]
    models += [_model("against", report.against)] if report.against else []
    return (
        f"{'; '.join(models)}; {threads} thread{'s' * (threads > 1)}; "
        f"{texts['rows']:,} texts ({lengths})"
    )


def _model(role: str, model: Benched) -> str:
    return f"{role} {printable(model.name, 80)} ({model.bytes / 1e6:.1f} MB, {model.backend})"
