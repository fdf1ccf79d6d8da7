"""What a search has found, in sentences: the verdict, the baseline, the cost, the reach."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from edgecompress.report.goals import NAMES, measured, of_teacher
from edgecompress.report.hardness import Hardness
from edgecompress.report.numbers import duration, figures, signed_points
from edgecompress.report.search import SearchReport
from edgecompress.search.course import Candidate, Course
from edgecompress.search.effects import FEWEST, FEWEST_EACH, difference_of_means

LEVEL = 0.005  # of the box: less between two fronts is not told as a difference


def verdict(report: SearchReport) -> str:
    """One sentence that counts."""
    course, goals = report.course, report.course.settings.objectives
    tried, front = len(course.students), len(course.front())
    if not front:
        return f"{tried} students tried, of none are all goals known"
    named = _listed([NAMES[goal] for goal in goals])
    return f"{tried} students tried, {front} of them beaten by nobody in {named} together"


def best(report: SearchReport) -> str:
    """The first of the front, in every goal, beside the teacher."""
    front = report.course.front()
    if not front:
        return ""
    one, goals = front[0], report.course.settings.objectives
    told = ", ".join(_told(one, goal) for goal in goals)
    teacher = [
        f"{NAMES[goal]} {figures(m).value}"
        for goal in goals
        if (m := of_teacher(report.teacher, goal)) is not None
    ]
    behind = f"; its teacher has {', '.join(teacher)} on the same rows" if teacher else ""
    return f"The first in {NAMES[goals[0]]}, {one.name}: {told}{behind}."


def _told(one: Candidate[Any], goal: str) -> str:
    m = measured(one, goal)
    assert m is not None, "who is on the front has all goals"
    shown = figures(m)
    several = f" over {len(one.found)} trainings" if len(one.found) > 1 and m.n > 1 else ""
    interval = f" ({shown.interval}{several})" if shown.interval else ""
    return f"{NAMES[goal]} {shown.value}{interval}"


def against_other(report: SearchReport) -> list[str]:
    """Evolution against random search: whose front reaches farther, whose students are better."""
    if report.beside is None or report.box is None:
        return []
    evolved, drawn = sorted(report.courses, key=lambda course: course.evolution.random)
    ours, theirs = (report.box.share(course.firsts()) for course in (evolved, drawn))
    counts = f"{len(evolved.students)} and {len(drawn.students)} students"
    told = f"{100 * ours:.1f} % of the box against {100 * theirs:.1f} %, after {counts}"
    if ours > theirs + LEVEL:
        first = f"The front of evolution reaches farther than that of random search: {told}."
    else:
        shared = report.box.share([s for s in evolved.firsts() if not s.generation])
        first = (
            f"Evolution did not beat random search: {told}. The first generation, which both "
            f"share, has {100 * shared:.1f} % of it already."
        )
    return [first, *_later_students(report, evolved, drawn), ONE_RUN]


ONE_RUN = "Each of the two ran once, from one seed: another seed may turn a small lead round."


def _later_students(report: SearchReport, evolved: Course[Any], drawn: Course[Any]) -> list[str]:
    """The students behind the first generation, which both share."""
    goal = report.outcome
    groups = [
        [s.first.value(goal) for s in course.students if s.generation and s.first.has([goal])]
        for course in (evolved, drawn)
    ]
    if not all(groups):
        return []
    ours, theirs = groups
    value, low, high = difference_of_means(ours, theirs, report.recipe.recipe.seed)
    said = "more than luck would give" if low > 0 or high < 0 else "undecided"
    bounds = " to ".join(signed_points(bound).removesuffix(" points") for bound in (low, high))
    means = " against ".join(f"{100 * fmean(group):.1f} %" for group in groups)
    return [
        f"Behind the first generation, which both share, evolution's students have {NAMES[goal]} "
        f"{means} on average: {signed_points(value)} ({bounds}), {said}."
    ]


def about_finalists(found: Sequence[Hardness]) -> str:
    """How many came out how; empty without finalists."""
    if not found:
        return ""
    counts = Counter(one.reading.value for one in found)
    told = _listed([f"{count} {reading}" for reading, count in counts.items()])
    finalists = f"{len(found)} finalist{'s' * (len(found) > 1)}"
    return f"Of {finalists} under every attack of the gate: {told}."


def about_choices(report: SearchReport) -> str:
    """Of how many students, and what such numbers cannot say."""
    n, named = len(report.known), NAMES[report.outcome]
    if n < FEWEST:
        return (
            f"Undecided: of {n} students {named} is known, and fewer than {FEWEST} say nothing of "
            "a choice."
        )
    return (
        f"Of the {n} students whose {named} is known. This is association, not cause: choices come "
        "together, students of an evolution descend from each other, and only the better part of "
        f"a generation was attacked. Choices that fewer than {FEWEST_EACH} students made, or did "
        "not make, are left out. Each interval stands for itself at 95 %, so of twenty about one "
        "misses by chance."
    )


def cost(report: SearchReport) -> dict[str, str]:
    """Trainings, attacks, time, failures."""
    course = report.course
    trainings = sum(max(1, len(one.found)) for one in course.students)
    attacks = sum(
        "robustness" in values for one in course.students for values in one.found.values()
    )
    total = course.evaluations.seconds
    told = {
        "trainings": f"{trainings:,}, {duration(_spent(course, 'train'))} of work",
        "attacks": f"{attacks:,}, {duration(_spent(course, 'attack'))} of work",
    }
    if total:
        hours = total / report.workers / 3600
        told["students per hour"] = f"{trainings / hours:,.0f}, by {report.workers} at once"
    failed = [one for one in course.students if one.failed]
    told["failed"] = f"{len(failed):,} of {len(course.students):,} students"
    return told


def _spent(course: Course[Any], rung: str) -> float:
    return sum(one.seconds.get(rung, 0.0) for one in course.students)


def reach(report: SearchReport) -> list[str]:
    """What these numbers do not say."""
    settings = report.course.settings
    claims = [
        "Students were chosen among many on validation rows, so the chosen ones look "
        "better here than they are; a gate judges on rows that the search has not seen.",
        f"Candidates are trained shortly, {settings.epochs} epoch{'s' * (settings.epochs > 1)}; "
        "a student that learns slowly loses here and might win a longer training.",
        "A whisker or range over trainings shows what another seed does; students trained once "
        "have the interval over rows alone.",
        "Inspired by RoSearch (arXiv:2106.03613), of which only the abstract was at hand: "
        "operations, rates and fitness are this project's own.",
    ]
    if "latency_ms" in settings.objectives:
        claims.insert(
            1,
            "Latency adds up parts that were measured once on this machine: it says which student "
            "is faster; how fast one is, its gate measures.",
        )
    return claims


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
