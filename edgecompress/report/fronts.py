"""Pictures of a search: who reached what, and how the front grew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from edgecompress.core.measurement import Measurement
from edgecompress.recipe.searching import RISING
from edgecompress.report.charts import at
from edgecompress.report.goals import NAMES, measured, of_teacher
from edgecompress.report.numbers import figures
from edgecompress.report.plots import (
    OURS,
    TEACHER,
    Axis,
    Plot,
    curve,
    log_axis,
    number_axis,
    share_axis,
    shared_labels,
)
from edgecompress.report.search import SearchReport
from edgecompress.search.course import Candidate
from edgecompress.search.growth import growth

ROOM: Final = 1.15  # beside the outermost, on an axis of powers
MILLION: Final = 1e6
TRIED, RANDOM, PLAIN, FRONT = "tried", "random", "plain", "front"
Place = tuple[Measurement, Measurement]


@dataclass(frozen=True)
class Mark:
    """One student."""

    x: str
    y: str
    low: str  # of its trainings; where it has one, `y` itself
    high: str
    words: str
    label: str = ""


@dataclass(frozen=True)
class Group:
    """Students that are drawn alike."""

    who: str  # one of the four above
    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """Two goals against each other."""

    title: str
    words: str  # what is to be seen, for whoever does not see it
    x: Axis
    y: Axis
    groups: tuple[Group, ...]  # those behind first
    level: str  # how high the teacher is; "" where that is not known


def pictures(report: SearchReport) -> list[Picture]:
    """What is to be high against what is to be low; then the first two that are to be high."""
    goals = report.course.settings.objectives
    rising = [goal for goal in goals if goal in RISING]
    costs = [goal for goal in goals if goal not in RISING] or ["params"]
    pairs = [*((cost, goal) for goal, cost in product(rising, costs)), *_both(rising)]
    return [made for pair in pairs if (made := _picture(report, *pair))]


def _both(rising: Sequence[str]) -> list[tuple[str, str]]:
    return [(rising[1], rising[0])] if len(rising) > 1 else []


def _picture(report: SearchReport, across: str, up: str) -> Picture | None:
    """None where nobody has both."""
    groups = [
        (who, name, found)
        for who, name, students in _groups(report)
        if (found := _placed(students, across, up))
    ]
    if not groups:
        return None
    teacher = of_teacher(report.teacher, up)
    found = [placed for _, _, group in groups for placed in group]
    heights = [height for one, place in found for height in _heights(one, place)]
    x = _axis(across, [place[0].value for _, place in found])
    y = _axis(up, heights + ([teacher.value] if teacher else []), flip=True)
    title = f"{NAMES[up][0].upper()}{NAMES[up][1:]} against {NAMES[across]}"
    marked = tuple(Group(who, name, _marks(who, found, (x, y))) for who, name, found in groups)
    words = f"{title}. {marked[-1].name}: {'; '.join(m.words for m in marked[-1].marks)}"
    level = at(100 - y.place(teacher.value)) if teacher else ""
    return Picture(title, words, x, y, marked, level)


def _groups(report: SearchReport) -> list[tuple[str, str, list[Candidate[Any]]]]:
    """Who is drawn how, the front last and so on top."""
    course, beside = report.course, report.beside
    front = course.front()
    tried = [one for one in course.students if one not in front]
    other = beside.front() if beside else []
    named = "random search" if not course.evolution.random else "evolution"
    plain = [report.plain] if report.plain else []
    return [
        (TRIED, "tried", tried),
        (RANDOM, f"front of {named}", other),
        (PLAIN, "the recipe's own student", plain),
        (FRONT, "front", front),
    ]


def _placed(
    students: Iterable[Candidate[Any]], across: str, up: str
) -> list[tuple[Candidate[Any], Place]]:
    found = []
    for one in students:
        x, y = measured(one, across), measured(one, up)
        if x is not None and y is not None:
            found.append((one, (x, y)))
    return found


def _heights(one: Candidate[Any], place: Place) -> tuple[float, ...]:
    """What of it must be seen: of several trainings their range."""
    y = place[1]
    return (y.low, y.high) if len(one.found) > 1 else (y.value,)


def _axis(goal: str, values: Sequence[float], *, flip: bool = False) -> Axis:
    if goal in RISING:
        return share_axis(NAMES[goal], min(values), max(values), flip=flip)
    scale, unit = (MILLION, "M") if goal == "params" else (1.0, "ms")
    return log_axis(NAMES[goal], min(values) / scale / ROOM, max(values) / scale * ROOM, unit)


def _marks(
    who: str, found: Sequence[tuple[Candidate[Any], Place]], axes: tuple[Axis, Axis]
) -> tuple[Mark, ...]:
    """Those of the front have a label; who was trained several times has a whisker."""
    places = [_at(place, axes) for _, place in found]
    labels = shared_labels(places) if who == FRONT else [""] * len(places)
    marks = []
    for (one, place), (x, y), label in zip(found, places, labels, strict=True):
        spread = _heights(one, place)
        low, high = (at(100 - axes[1].place(v)) for v in (min(spread), max(spread)))
        told = ", ".join(figures(m).value for m in reversed(place))
        marks.append(Mark(at(x), at(y), low, high, f"{one.name}: {told}", label))
    return tuple(marks)


def _at(place: Place, axes: tuple[Axis, Axis]) -> tuple[float, float]:
    x = place[0].value / (MILLION if place[0].unit == "parameters" else 1.0)
    return axes[0].place(x), 100 - axes[1].place(place[1].value)


def growth_plot(report: SearchReport) -> Plot | None:
    """Steps of both searches; None where no front can be measured."""
    if report.box is None:
        return None
    most = max(len(course.students) for course in report.courses)
    axes = (number_axis("students tried", most), share_axis("share of the box", 0.0, flip=True))
    series, told = [], []
    for course in report.courses:
        points = growth(course, report.box)
        who = TEACHER if course.evolution.random else OURS
        series.append(curve(who, axes, _steps(points)))
        name = "random search" if course.evolution.random else "evolution"
        told.append(f"{name} ends at {100 * points[-1][1]:.0f} %")
    return Plot("; ".join(told), *axes, tuple(series))


def _steps(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """A front stays where it is until somebody moves it."""
    found: list[tuple[float, float]] = []
    for place, (number, share) in enumerate(points):
        if place:
            found.append((number, points[place - 1][1]))
        found.append((number, share))
    return found
