"""What checks show besides numbers, made ready for the page: by kind, each with its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from edgecompress.core.exhibit import Exhibit
from edgecompress.report.confusions import commonest, confusion_finding, matrices
from edgecompress.report.contents import (
    Adversarial,
    Bin,
    Confusion,
    Content,
    Coverage,
    Latencies,
    Plain,
    Reliability,
    Table,
    Texts,
    content_of,
)
from edgecompress.report.plots import (
    OURS,
    TEACHER,
    Plot,
    Series,
    count_axis,
    curve,
    histogram,
    log_axis,
    scatter,
    share_axis,
)
from edgecompress.report.sheets import Sheet, sheet, sheet_of

DIFFS = "Words that an attack took out are struck through, words that it put in are underlined."
SECTIONS = (  # id, heading, note, kinds; what is of no kind comes last
    ("decisions", "Decisions", "", ("confusion", "texts")),
    ("confidence", "Confidence", "", ("reliability", "coverage")),
    ("attacks", "Attacks", DIFFS, ("adversarial",)),
    ("speed", "Speed", "", ("latency",)),
)
THE_REST = ("details", "In detail", "")
WANTED_COVERAGE = 0.8


@dataclass(frozen=True)
class Drawn:
    """What stands below a title; `shape` says how the page draws `picture`."""

    shape: str  # "matrices", "plot", "examples", "facts", "" for none
    picture: Any
    caption: str
    sheet: Sheet | None = None


@dataclass(frozen=True)
class Shown:
    """One exhibit."""

    title: str
    drawn: Drawn


@dataclass(frozen=True)
class Section:
    """Exhibits that belong together."""

    id: str
    heading: str
    note: str
    shown: tuple[Shown, ...]


def sections(exhibits: Sequence[Exhibit]) -> tuple[Section, ...]:
    """Only those that have something to show, each in the order of the checks."""
    named = {kind for *_, kinds in SECTIONS for kind in kinds}
    rest = tuple(e.kind for e in exhibits if e.kind not in named)
    found = []
    for place, heading, note, kinds in (*SECTIONS, (*THE_REST, rest)):
        shown = tuple(Shown(e.title, draw(content_of(e))) for e in exhibits if e.kind in kinds)
        if shown:
            found.append(Section(place, heading, note, shown))
    return tuple(found)


@singledispatch
def draw(content: Content) -> Drawn:
    """One exhibit's content, drawn as its kind is."""
    raise TypeError(f"nobody draws {type(content).__name__}")


@draw.register
def _plain(content: Plain) -> Drawn:
    return Drawn("facts", content.values, "")


@draw.register
def _table(content: Table) -> Drawn:
    return Drawn("", None, "", sheet_of(content))


@draw.register
def _texts(content: Texts) -> Drawn:
    columns = [("text", ""), ("label", ""), ("teacher", ""), ("candidate", ""), ("origin", "")]
    rows = [(r.text, r.label, r.teacher, r.ours, r.origin) for r in content.rows]
    return Drawn("", None, "", sheet(columns, rows))


@draw.register
def _adversarial(content: Adversarial) -> Drawn:
    return Drawn("examples", content.rows, "" if content.rows else "No text was changed.")


@draw.register
def _confusion(content: Confusion) -> Drawn:
    return Drawn("matrices", matrices(content), confusion_finding(content), commonest(content))


@draw.register
def _reliability(content: Reliability) -> Drawn:
    both = ((OURS, content.ours), (TEACHER, content.teacher))
    seen = [
        v for _, bins in both for b in bins for v in (b.confidence, b.accuracy) if v is not None
    ]
    lowest = min(seen, default=0.0)
    axes = (share_axis("confidence", lowest), share_axis("accuracy", lowest, flip=True))
    caption = f"{_sure('Candidate', content.ours)}; {_sure('teacher', content.teacher)}."
    series = tuple(scatter(who, axes, _points(bins)) for who, bins in both)
    columns = [("model", ""), ("from", "fraction"), ("to", "fraction")]
    columns += [("confidence", "fraction"), ("accuracy", "fraction"), ("n", "count")]
    rows = [
        (name, b.low, b.high, b.confidence, b.accuracy, b.n)
        for name, bins in (("candidate", content.ours), ("teacher", content.teacher))
        for b in bins
    ]
    return Drawn(
        "plot",
        Plot(f"accuracy by confidence. {caption}", *axes, series, diagonal=True),
        f"{caption} Each dot is a bin of rows; on the diagonal a model is right as often as sure.",
        sheet(columns, rows),
    )


def _sure(who: str, bins: Sequence[Bin]) -> str:
    total = sum(b.n for b in bins) or 1
    sure, right = (
        sum(b.n * (getattr(b, name) or 0.0) for b in bins) / total
        for name in ("confidence", "accuracy")
    )
    return f"{who}: {100 * sure:.1f} % sure and {100 * right:.1f} % right"


def _points(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    return [
        (b.confidence, b.accuracy)
        for b in bins
        if b.confidence is not None and b.accuracy is not None
    ]


@draw.register
def _coverage(content: Coverage) -> Drawn:
    both = ((OURS, content.ours), (TEACHER, content.teacher))
    axes = (
        share_axis("share of texts answered", 0.0),
        share_axis("accuracy", min(right for _, points in both for _, right in points), flip=True),
    )
    series = tuple(curve(who, axes, points) for who, points in both)
    ours, teacher = (min(points, key=_from_wanted) for _, points in both)
    caption = (
        f"Answering only the surest {100 * ours[0]:.0f} % of texts, the candidate is right on "
        f"{100 * ours[1]:.1f} %, its teacher on {100 * teacher[1]:.1f} %."
    )
    columns = [("model", ""), ("answered", "fraction"), ("accuracy", "fraction")]
    rows = [
        (name, *point)
        for name, points in (("candidate", content.ours), ("teacher", content.teacher))
        for point in points
    ]
    return Drawn("plot", Plot(caption, *axes, series), caption, sheet(columns, rows))


def _from_wanted(point: tuple[float, float]) -> float:
    return abs(point[0] - WANTED_COVERAGE)


@draw.register
def _latencies(content: Latencies) -> Drawn:
    edges = content.edges
    both = ((OURS, content.ours), (TEACHER, content.teacher))
    axes = (
        log_axis("time of one text", edges[0], edges[-1], "ms"),
        count_axis("texts", max(*content.ours, *content.teacher)),
    )
    series: tuple[Series, ...] = tuple(histogram(who, axes, edges, c) for who, c in both)
    ours, teacher = (_usual(edges, counts) for _, counts in both)
    caption = f"Most often the candidate takes {ours}, its teacher {teacher}."
    columns = [("from", "ms"), ("to", "ms"), ("candidate", "count"), ("teacher", "count")]
    rows = list(zip(edges, edges[1:], content.ours, content.teacher, strict=False))
    return Drawn("plot", Plot(caption, *axes, series), caption, sheet(columns, rows))


def _usual(edges: Sequence[float], counts: Sequence[int]) -> str:
    fullest = max(range(len(counts)), key=lambda k: counts[k])
    return f"{edges[fullest]:.3g} to {edges[fullest + 1]:.3g} ms"
