"""Curves and bars on two axes: every place in percent of the picture, so that no script is needed.

The candidate is drawn full, its teacher hollow and dashed: they differ in more than colour.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edgecompress.report.charts import at

OURS, TEACHER = "ours", "teacher"
MOST_TICKS = 6
WHOLE = 100  # numbers from here on have no decimals
ROOM = 16.0  # percent of the width of a phone that the number beside a tick needs
NEAR = (4.0, 8.0)  # percent of width and height within which two labels would lie on each other
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
_ROUND = (1, 2, 5)


@dataclass(frozen=True)
class Tick:
    """One number beside an axis."""

    at: str
    text: str
    tight: bool = False  # so near the one before it that a phone has no room for it


@dataclass(frozen=True)
class Axis:
    """What is measured along it, and where which value lies."""

    name: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Percent of the way from the low end to the high one."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return 100 * (value - low) / (high - low)


@dataclass(frozen=True)
class Dot:
    """One point."""

    x: str
    y: str


@dataclass(frozen=True)
class Bar:
    """One count, standing on the ground."""

    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True)
class Series:
    """What one of the two models does."""

    who: str  # OURS or TEACHER
    line: str = ""  # points of a polyline in a square of 100
    dots: tuple[Dot, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Plot:
    """Both models on the same axes."""

    words: str  # what is to be seen, for whoever does not see it
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    diagonal: bool = False  # where the two axes agree


def share_axis(name: str, lowest: float, highest: float = 1.0, *, flip: bool = False) -> Axis:
    """From the round share below `lowest` to the one above `highest`; flipped if it is upright."""
    step = next((s for s in _STEPS if (highest - lowest) / s <= MOST_TICKS - 1), _STEPS[-1])
    first, last = math.floor(_steps(lowest, step)), math.ceil(_steps(highest, step))
    first = min(first, last - 1)
    values = [k * step for k in range(first, last + 1)]
    axis = Axis(name, values[0], values[-1], ())
    return replace(axis, ticks=_ticks(axis, values, [f"{100 * v:.0f} %" for v in values], flip))


def _steps(share: float, step: float) -> float:
    return round(share / step, 6)  # 0.3 / 0.1 is a little less than 3


def log_axis(name: str, low: float, high: float, unit: str) -> Axis:
    """Between two positive ends, with ticks at 1, 2, 5, 10...; at the ends where none is inside."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [m * 10.0**p for p in powers for m in _ROUND if low <= m * 10.0**p <= high]
    if len(found) > MOST_TICKS:
        found = [v for v in found if math.isclose(v, 10.0 ** round(math.log10(v)))]
    values = found or [low, high]
    axis = Axis(name, low, high, (), log=True)
    texts = [f"{v:,.0f} {unit}" if v >= WHOLE else f"{v:.3g} {unit}" for v in values]
    return replace(axis, ticks=_ticks(axis, values, texts, False))


def number_axis(name: str, highest: int) -> Axis:
    """From zero to the right, with ticks at the halves."""
    axis = Axis(name, 0, max(highest, 1), ())
    values = sorted({0, highest // 2, highest})
    return replace(axis, ticks=_ticks(axis, values, [f"{v:,}" for v in values], False))


def count_axis(name: str, highest: int) -> Axis:
    """From zero upwards; only the top is told."""
    return Axis(name, 0, max(highest, 1), (Tick(at(0), f"{highest:,}"), Tick(at(100), "0")))


def _ticks(
    axis: Axis, values: Sequence[float], texts: Sequence[str], flip: bool
) -> tuple[Tick, ...]:
    found, last = [], -ROOM
    for value, text in zip(values, texts, strict=True):
        place = axis.place(value)
        tight = place - last < ROOM
        found.append(Tick(at(100 - place if flip else place), text, tight))
        last = last if tight else place
    return tuple(found)


def curve(who: str, axes: tuple[Axis, Axis], points: Iterable[tuple[float, float]]) -> Series:
    """A line through the points, from left to right."""
    placed = (_placed(axes, point) for point in sorted(points))
    return Series(who, line=" ".join(f"{x:.2f},{y:.2f}" for x, y in placed))


def scatter(who: str, axes: tuple[Axis, Axis], points: Iterable[tuple[float, float]]) -> Series:
    """A dot for each point."""
    placed = (_placed(axes, point) for point in points)
    return Series(who, dots=tuple(Dot(at(x), at(y)) for x, y in placed))


def _placed(axes: tuple[Axis, Axis], point: tuple[float, float]) -> tuple[float, float]:
    return axes[0].place(point[0]), 100 - axes[1].place(point[1])


def histogram(
    who: str, axes: tuple[Axis, Axis], edges: Sequence[float], counts: Sequence[int]
) -> Series:
    """A bar between each two edges; none where nothing was counted."""
    x, y = axes
    bars = []
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        left, right, tall = x.place(low), x.place(high), y.place(count)
        if count:
            bars.append(Bar(at(left), at(right - left), at(100 - tall), at(tall)))
    return Series(who, bars=tuple(bars))


def shared_labels(places: Sequence[tuple[float, float]]) -> list[str]:
    """A label for each place: its number and those of the later ones that lie near it, from 1.

    Who lies near an earlier one has "", so that each label can be read.

    Args:
        places: percent of the picture, from the left and from the top.
    """
    groups: list[list[int]] = []
    for k, place in enumerate(places):
        near = [group for group in groups if _near(places[group[0]], place)]
        if near:
            near[0].append(k)
        else:
            groups.append([k])
    labels = dict.fromkeys(range(len(places)), "")
    labels |= {group[0]: ", ".join(str(j + 1) for j in group) for group in groups}
    return list(labels.values())


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < NEAR[0] and abs(one[1] - other[1]) < NEAR[1]
