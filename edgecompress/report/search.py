"""What a search has found: lines for people, a document for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from edgecompress.core.report import RunReport
from edgecompress.recipe.reading import RecipeFile
from edgecompress.recipe.searching import RISING
from edgecompress.report.json import check_entry
from edgecompress.search.course import Candidate, Course
from edgecompress.search.effects import Effect, effects
from edgecompress.search.genome import Shape
from edgecompress.search.growth import Box, growth

MOST_LINES = 8  # of the front, while a search is under way
COLUMNS = ("robustness", "accuracy", "loyalty", "latency_ms", "params")


@dataclass(frozen=True)
class Finalist:
    """A student of the front, trained at full length as a recipe of its own, before its gate."""

    student: str  # its name in the search
    run: str  # of the store, as the verb `report` takes it
    report: RunReport


@dataclass(frozen=True)
class SearchReport:
    """One search with all that stands beside it; the source of search.json and its page."""

    recipe: RecipeFile
    course: Course[Any]
    teacher: Mapping[str, Any]  # its own values, on the same rows
    shape: Shape  # of the model that students are made of
    workers: int
    beside: Course[Any] | None = None  # the random search, where it was run too; or the other
    plain: Candidate[Any] | None = None  # what `run` makes of the recipe, where the store has it
    finalists: tuple[Finalist, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def courses(self) -> list[Course[Any]]:
        """Both, if there are two."""
        return [self.course, *([self.beside] if self.beside else [])]

    @property
    def outcome(self) -> str:
        """The goal that choices are held against: the first that is no cost."""
        goals = self.course.settings.objectives
        return next((goal for goal in goals if goal in RISING), "accuracy")

    @cached_property
    def box(self) -> Box | None:
        """What both fronts are measured in."""
        return Box.around(self.courses)

    @cached_property
    def known(self) -> list[Candidate[Any]]:
        """Students of both searches whose outcome is known, each once."""
        every = {one.name: one for course in reversed(self.courses) for one in course.students}
        return [one for one in every.values() if one.has([self.outcome])]

    @cached_property
    def effects(self) -> list[Effect]:
        """How choices went with the outcome."""
        space = self.course.evolution.space
        choices = [space.choices(one.genome) for one in self.known]
        outcomes = [one.value(self.outcome) for one in self.known]
        return effects(choices, outcomes, self.recipe.recipe.seed)


def front_lines(course: Course[Any]) -> list[str]:
    """The students that nobody beats, a line each."""
    front, goals = course.front(), course.settings.objectives
    lines = [
        f"{one.name} " + ", ".join(f"{goal} {_number(one, goal)}" for goal in goals)
        for one in front[:MOST_LINES]
    ]
    return lines + [f"and {len(front) - MOST_LINES} more"] * (len(front) > MOST_LINES)


def front_table(
    course: Course[Any], teacher: Mapping[str, Any]
) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the front, and below it the teacher on the same rows.

    Where a student was trained from several seeds its mean is told, with the lowest and highest.
    """
    shown = [name for name in COLUMNS if any(one.has([name]) for one in course.front())]
    rows = [
        [
            one.name,
            *(_number(one, name) if one.has([name]) else "" for name in shown),
            str(len(one.found)),
            course.evolution.space.described(one.genome),
        ]
        for one in course.front()
    ]
    of_teacher = [f"{teacher[name]['value']:.3f}" if name in teacher else "" for name in shown]
    return (
        ["student", *shown, "trainings", "made of"],
        [*rows, ["teacher", *of_teacher, "", ""]],
    )


def search_document(report: SearchReport) -> dict[str, Any]:
    """Everything as JSON values: the front by name, and every student that was tried."""
    course, beside = report.course, report.beside
    return {
        "schema_version": 1,
        "recipe": {"name": report.recipe.recipe.name, "digest": report.recipe.digest},
        "random": course.evolution.random,
        "objectives": list(course.settings.objectives),
        "settings": course.settings.model_dump(mode="json"),
        "made_from": asdict(report.shape),
        "front": [one.name for one in course.front()],
        "teacher": dict(report.teacher),
        "plain": _document(report.plain) if report.plain else None,
        "students": [_student(one, course) for one in course.students],
        "evaluations": {
            "made_by_this_run": course.evaluations.new,
            "seconds": round(course.evaluations.seconds, 1),
            "workers": report.workers,
        },
        "other_way": _other_way(beside) if beside else None,
        "hypervolume": _grown(report),
        "choices": [asdict(one) for one in report.effects],
        "finalists": [_finalist(one) for one in report.finalists],
        "environment": dict(report.environment),
    }


def _other_way(course: Course[Any]) -> dict[str, Any]:
    return {
        "random": course.evolution.random,
        "front": [one.name for one in course.front()],
        "students": [_student(one, course) for one in course.students],
    }


def _grown(report: SearchReport) -> dict[str, Any] | None:
    """Points of (students tried, share of the box), and the corners of the box as losses."""
    if report.box is None:
        return None
    curves = {
        "random" if course.evolution.random else "evolution": growth(course, report.box)
        for course in report.courses
    }
    corners = {"best": report.box.best.tolist(), "reference": report.box.worst.tolist()}
    return {"goals": list(report.box.goals), "losses": corners, "points": curves}


def _finalist(one: Finalist) -> dict[str, Any]:
    attacks = [v for v in one.report.gate.verdicts if v.check == "attack"]
    return {
        "student": one.student,
        "run": one.run,
        "verdict": one.report.gate.outcome.value,
        "recipe": one.report.recipe_digest,
        "candidate": asdict(one.report.candidate),
        "attacks": [check_entry(verdict) for verdict in attacks],
    }


def _student(one: Candidate[Any], course: Course[Any]) -> dict[str, Any]:
    space = course.evolution.space
    return {
        **_document(one),
        "generation": one.generation,
        "genome": space.written(one.genome),
        "made_of": space.described(one.genome),
        "choices": dict(space.choices(one.genome)),
        "seconds": {rung: round(seconds, 1) for rung, seconds in one.seconds.items()},
        "failed": one.failed,
    }


def _document(one: Candidate[Any]) -> dict[str, Any]:
    return {
        "name": one.name,
        "known_before": dict(one.costs),
        "by_seed": {str(seed): values for seed, values in one.found.items()},
    }


def _number(one: Candidate[Any], goal: str) -> str:
    low, high = one.range(goal)
    if goal == "params":
        return f"{low / 1e6:.2f}M"
    value = f"{one.value(goal):.3f}"
    return value if low == high else f"{value} [{low:.3f}, {high:.3f}]"
