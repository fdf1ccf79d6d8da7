"""Size, latency and accuracy of the teacher, of each stage and of the student, in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgecompress.core.measurement import Measurement
from edgecompress.core.report import StageRecord
from edgecompress.report.charts import at
from edgecompress.report.numbers import figures
from edgecompress.report.plots import OURS, TEACHER, Axis, log_axis, share_axis, shared_labels

LARGEST = 26.0  # px, radius


@dataclass(frozen=True)
class Bubble:
    """One stage: to the left is faster, higher is more accurate, smaller is smaller."""

    who: str
    label: str  # "" where a neighbour's label speaks for it
    words: str
    x: str
    y: str
    r: str
    low: str
    high: str


@dataclass(frozen=True)
class Tradeoff:
    """All stages that have all three numbers."""

    x: Axis
    y: Axis
    bubbles: tuple[Bubble, ...]
    names: tuple[str, ...]  # of the stages, in the order of their labels
    words: str


@dataclass(frozen=True)
class _Stage:
    name: str
    accuracy: Measurement
    latency: Measurement
    size: Measurement


def tradeoff(stages: Sequence[StageRecord]) -> Tradeoff | None:
    """None where fewer than two stages were measured, since one alone compares with nothing."""
    found = [known for stage in stages if (known := _known(stage))]
    if len(found) < 2:
        return None
    times = [stage.latency.value for stage in found]
    x = log_axis("median latency", min(times) / 1.4, max(times) * 1.4, "ms")
    y = share_axis(
        "accuracy",
        min(stage.accuracy.low for stage in found),
        max(stage.accuracy.high for stage in found),
        flip=True,
    )
    words = "; ".join(_words(stage) for stage in found)
    return Tradeoff(x, y, _bubbles(found, x, y), tuple(stage.name for stage in found), words)


def _known(stage: StageRecord) -> _Stage | None:
    whole = {m.name: m for m in stage.metrics if not m.part}
    accuracy, latency = whole.get("accuracy"), whole.get("latency_p50_ms")
    size = whole.get("size_bytes")
    if accuracy is None or latency is None or size is None or latency.value <= 0:
        return None
    return _Stage(stage.kind, accuracy, latency, size)


def _words(stage: _Stage) -> str:
    told = (figures(m).value for m in (stage.accuracy, stage.latency, stage.size))
    return f"{stage.name}: {', '.join(told)}"


def _bubbles(found: Sequence[_Stage], x: Axis, y: Axis) -> tuple[Bubble, ...]:
    """The first is the teacher. Neighbours share one label, so that each can be read."""
    largest = max(stage.size.value for stage in found) or 1.0
    places = [(x.place(s.latency.value), 100 - y.place(s.accuracy.value)) for s in found]
    labels = shared_labels(places)
    return tuple(
        Bubble(
            who=OURS if k else TEACHER,
            label=labels[k],
            words=_words(stage),
            x=at(places[k][0]),
            y=at(places[k][1]),
            r=f"{max(4.0, LARGEST * (stage.size.value / largest) ** 0.5):.1f}",
            low=at(100 - y.place(stage.accuracy.low)),
            high=at(100 - y.place(stage.accuracy.high)),
        )
        for k, stage in enumerate(found)
    )
