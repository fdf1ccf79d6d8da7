"""index.html: many runs in one table, the newest first, a line and a link for each."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from markupsafe import Markup

from edgecompress.core.gate import Outcome, Verdict
from edgecompress.core.report import RunReport
from edgecompress.report.numbers import Figures, figures
from edgecompress.report.rendering import environment
from edgecompress.report.verdicts import deciding, headline, name_of, urgency

SCHEMA_VERSION: Final = 1
SHOWN: Final = {  # measurement -> head of its column
    "size_ratio": "Of teacher",
    "latency_ratio": "Speed-up",
    "accuracy_drop": "Accuracy drop",
    "label_loyalty": "Label loyalty",
}
BEST_FIRST: Final = (Outcome.HOLDS, Outcome.UNDECIDED, Outcome.BROKEN)
_SCRIPT = files("edgecompress.report").joinpath("templates/sort.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Listed:
    """A run that was found in a folder."""

    name: str  # its place below that folder
    link: str  # address of its page, from where the index lies
    at: datetime  # in UTC, with its zone: when it was judged
    report: RunReport


@dataclass(frozen=True)
class Unread:
    """A file that should be a report and cannot be read as one."""

    name: str
    why: str


@dataclass(frozen=True)
class Index:
    """What lies in a folder."""

    title: str
    runs: tuple[Listed, ...]
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One number of a row."""

    key: float | None  # what rows are sorted by; None stands last in either direction
    shown: Figures | None
    data: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    run: Listed
    rank: int
    date: str
    time: str
    why: str
    cells: tuple[Cell, ...]


def index_page(index: Index) -> str:
    """The same runs give the same bytes; its one script sorts rows, and may do nothing else."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            index=index,
            counted=_counted(index.runs),
            heads=SHOWN.values(),
            rows=[_row(run) for run in index.runs],
            script=Markup(_SCRIPT),  # noqa: S704 - a file of this package
            script_digest=digest,
        )
    )


def index_dumps(index: Index) -> str:
    """The same for programs: strict JSON, numbers unrounded."""
    return json.dumps(index_document(index), indent=2, allow_nan=False) + "\n"


def index_document(index: Index) -> dict[str, Any]:
    """One entry for each run; a number that its gate did not measure is null."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runs": [_entry(run) for run in index.runs],
        "unread": [{"name": one.name, "why": one.why} for one in index.unread],
    }


def _entry(run: Listed) -> dict[str, Any]:
    report = run.report
    return {
        "name": run.name,
        "page": run.link,
        "at": run.at.isoformat(timespec="seconds"),
        "verdict": report.gate.outcome.value,
        "recipe": {"name": report.recipe_name, "digest": report.recipe_digest},
        "candidate": report.candidate.digest,
        "size_bytes": report.candidate.bytes,
        **{name: _numbers(_worst(report, name)) for name in SHOWN},
    }


def _numbers(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    m = verdict.measured
    return {"data": m.data, "value": m.value, "low": m.low, "high": m.high}


def _counted(runs: Sequence[Listed]) -> str:
    """How many there are, and of each verdict: `12 runs: 9 holds, 3 broken`."""
    counts = Counter(run.report.gate.outcome for run in runs)
    told = [f"{counts[outcome]} {outcome}" for outcome in BEST_FIRST if counts[outcome]]
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}: {', '.join(told)}"


def _row(run: Listed) -> Row:
    report = run.report
    return Row(
        run,
        BEST_FIRST.index(report.gate.outcome),
        run.at.strftime("%Y-%m-%d"),
        run.at.strftime("%H:%M"),
        _why(report),
        tuple(_cell(_worst(report, name)) for name in SHOWN),
    )


def _why(report: RunReport) -> str:
    """The headline, and what stands behind it by name where the gate does not hold."""
    names: Iterable[str] = ()
    if report.gate.outcome is not Outcome.HOLDS:
        names = dict.fromkeys(name_of(told) for told in deciding(report.gate)[:3])
    return ": ".join(part for part in (headline(report.gate), ", ".join(names)) if part)


def _worst(report: RunReport, name: str) -> Verdict | None:
    """Of several roles or parts the one that decides."""
    found = [v for v in report.gate.verdicts if v.measured.name == name]
    return min(found, key=urgency, default=None)


def _cell(verdict: Verdict | None) -> Cell:
    if verdict is None:
        return Cell(None, None)
    m = verdict.measured
    return Cell(m.value, figures(m, verdict.limit), m.data)
