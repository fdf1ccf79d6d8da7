"""search-report.html: one search as one page that opens anywhere, as report.html does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgecompress.report.charts import at
from edgecompress.report.fronts import growth_plot, pictures
from edgecompress.report.genomes import Drawing, drawing
from edgecompress.report.goals import NAMES, measured, of_teacher
from edgecompress.report.hardness import hardness
from edgecompress.report.numbers import Figures, duration, figures, signed_points
from edgecompress.report.rendering import environment
from edgecompress.report.search import SearchReport
from edgecompress.report.search_words import (
    about_choices,
    about_finalists,
    against_other,
    best,
    cost,
    reach,
    verdict,
)
from edgecompress.search.course import Candidate
from edgecompress.search.effects import Effect

COLUMNS: Final = ("robustness", "accuracy", "loyalty", "latency_ms", "params")
MOST_ROWS: Final = 300  # in the page; search.json has all


@dataclass(frozen=True)
class Row:
    """One student."""

    number: str  # as in the pictures; "" off the front
    name: str
    generation: int
    made_of: str
    drawing: Drawing
    cells: tuple[Figures | None, ...]
    trainings: int
    took: str
    failed: str


@dataclass(frozen=True)
class EffectRow:
    """One choice; its line goes from the lower bound to the upper one, zero in the middle."""

    choice: str
    having: str
    value: str
    interval: str
    low: str
    at: str
    high: str
    said: str


def search_page(report: SearchReport) -> str:
    """The same report gives the same bytes."""
    course = report.course
    front = course.front()
    names = {one.name for one in front}
    others = sorted((s for s in course.students if s.name not in names), key=_rank(report))
    judged = hardness(report.finalists, course.settings.attack.recipe)
    sentences = [best(report), *against_other(report), about_finalists(judged)]
    shown = [name for name in COLUMNS if any(measured(s, name) for s in course.students)]
    return (
        environment()
        .get_template("search.html.j2")
        .render(
            report=report,
            name=report.recipe.recipe.name,
            kind="RANDOM SEARCH" if course.evolution.random else "SEARCH",
            verdict=verdict(report),
            outcome=NAMES[report.outcome],
            sentences=[line for line in sentences if line],
            columns=[NAMES[name] for name in shown],
            front=[_row(one, report, shown, str(k)) for k, one in enumerate(front, start=1)],
            teacher=[_shown(of_teacher(report.teacher, name)) for name in shown],
            plain=_row(report.plain, report, shown, "") if report.plain else None,
            others=[_row(one, report, shown, "") for one in others[:MOST_ROWS]],
            left_out=len(others[MOST_ROWS:]),
            pictures=pictures(report),
            hardness=judged,
            about_choices=about_choices(report),
            choices=_effect_rows(report.effects),
            growth=growth_plot(report),
            cost=cost(report),
            reach=reach(report),
        )
    )


def _rank(report: SearchReport) -> Callable[[Candidate[Any]], tuple[bool, bool, float, int]]:
    """Those with the outcome first, the best of them on top; those that failed last."""
    goal = report.outcome

    def rank(one: Candidate[Any]) -> tuple[bool, bool, float, int]:
        known = one.has([goal])
        return bool(one.failed), not known, -one.value(goal) if known else 0.0, one.generation

    return rank


def _row(one: Candidate[Any], report: SearchReport, shown: Sequence[str], number: str) -> Row:
    space, genome = report.course.evolution.space, one.genome
    return Row(
        number,
        one.name,
        one.generation,
        space.described(genome) if genome is not None else "",
        drawing(genome, report.shape),
        tuple(_shown(measured(one, name)) for name in shown),
        len(one.found),
        duration(sum(one.seconds.values())) if one.seconds else "",
        one.failed or "",
    )


def _shown(m: Any) -> Figures | None:
    return figures(m) if m is not None else None


def _effect_rows(found: Sequence[Effect]) -> list[EffectRow]:
    """Differences on one scale, correlations on theirs, from -1 to 1."""
    bounds = [abs(v) for e in found if e.kind == "difference" for v in (e.low, e.high)]
    widest = max(bounds, default=0.0) or 1.0
    return [_effect_row(one, widest if one.kind == "difference" else 1.0) for one in found]


def _effect_row(one: Effect, widest: float) -> EffectRow:
    low, middle, high = (at(50 + 48 * v / widest) for v in (one.low, one.value, one.high))
    numbers = (one.value, one.low, one.high)
    if one.kind == "difference":
        value, *bounds = (signed_points(v) for v in numbers)
        having = f"{one.having} of {one.n} did"
    else:
        value, *bounds = (f"{v:+.2f}".replace("-", "\N{MINUS SIGN}") for v in numbers)
        value, having = f"ρ {value}", f"{one.n} students"
    said = (
        "undecided" if not one.decided else "went with more" if one.value > 0 else "went with less"
    )
    interval = " to ".join(bound.removesuffix(" points") for bound in bounds)
    return EffectRow(one.choice, having, value, interval, low, middle, high, said)
