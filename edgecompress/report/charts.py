"""Where the marks of each picture lie, in percent of its width, so that no script is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgecompress.core.gate import Outcome, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.core.report import StageRecord
from edgecompress.report.numbers import duration, figures, signed_points
from edgecompress.report.words import title

REACH = 46.0  # a gate strip keeps its marks within 50 ± so many percent
COSTS = (
    *("accuracy", "label_loyalty", "size_bytes", "latency_p50_ms"),
    *("easy_accuracy", "hard_accuracy"),
)
FROM_ZERO = {"size_bytes", "latency_p50_ms"}  # lengths are compared there; elsewhere positions


def at(percent: float) -> str:
    """A place or a length, as SVG takes it."""
    return f"{percent:.2f}%"


@dataclass(frozen=True)
class Strip:
    """An interval with its value on a line."""

    low: str
    value: str
    high: str
    outcome: Outcome


def against_limit(verdict: Verdict) -> Strip:
    """The limit in the middle and its good side on the right, whatever the measurement.

    Each strip has a scale of its own: the farther end of the interval lies at the edge, so a wide
    interval that begins near the middle is a close call.
    """
    m, limit = verdict.measured, verdict.limit
    if limit is None:
        raise ValueError(f"{m.name} has no limit to be drawn against")
    toward = 1.0 if limit.at_least is not None else -1.0
    room = [toward * (x - limit.value) for x in (m.low, m.value, m.high)]
    farthest = max(map(abs, room)) or 1.0
    left, middle, right = sorted(50 + REACH * x / farthest for x in room)
    return Strip(at(left), at(middle), at(right), verdict.outcome)


@dataclass(frozen=True)
class CostRow:
    """One stage in one panel."""

    stage: str
    strip: Strip
    value: str
    interval: str
    change: float  # from the row before


@dataclass(frozen=True)
class Panel:
    """One measurement after every stage that has it."""

    title: str
    from_zero: bool
    measured_on: str
    rows: tuple[CostRow, ...]
    steps: tuple[str, ...]  # what each row changes, in words; "" for the first, and where bars do


def cost_panels(stages: Sequence[StageRecord]) -> tuple[Panel, ...]:
    """What each stage costs, a panel for each cost; only those measured more than once."""
    panels = []
    for name in COSTS:
        found = [(s.kind, m) for s in stages for m in s.metrics if m.name == name and not m.part]
        if len(found) > 1:
            panels.append(_panel(name, found))
    return tuple(panels)


def _panel(name: str, found: list[tuple[str, Measurement]]) -> Panel:
    from_zero = name in FROM_ZERO
    start = 0.0 if from_zero else min(m.low for _, m in found)
    span = (max(m.high for _, m in found) - start) or 1.0
    rows, before = [], found[0][1].value
    for kind, m in found:
        low, value, high = (3 + 94 * (x - start) / span for x in (m.low, m.value, m.high))
        shown = figures(m)
        strip = Strip(at(low), at(value), at(high), Outcome.REPORTED)
        rows.append(CostRow(kind, strip, shown.value, shown.interval, m.value - before))
        before = m.value
    first = found[0][1]
    measured_on = f"{first.data}, n = {first.n:,}" if first.data else "exact"
    return Panel(title(name), from_zero, measured_on, tuple(rows), tuple(_steps(rows, from_zero)))


def _steps(rows: Sequence[CostRow], from_zero: bool) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield signed_points(row.change) if place and not from_zero else ""


@dataclass(frozen=True)
class Span:
    """One stage on the line of time."""

    start: str
    width: str
    took: str
    record: StageRecord


def timeline(stages: Sequence[StageRecord]) -> tuple[Span, ...]:
    """The stages one after the other, each as long as the run that made it took."""
    total = sum(stage.seconds for stage in stages) or 1.0
    spans, passed = [], 0.0
    for stage in stages:
        width = max(100 * stage.seconds / total, 0.4)  # a very short stage is still seen
        start = min(100 * passed / total, 100 - width)
        spans.append(Span(at(start), at(width), duration(stage.seconds), stage))
        passed += stage.seconds
    return tuple(spans)
