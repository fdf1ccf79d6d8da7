"""What a search has found: lines for people, a document for programs."""

from collections.abc import Mapping
from typing import Any

from edgecompress.search.course import Candidate, Course

MOST_LINES = 8  # of the front, while a search is under way
COLUMNS = ("robustness", "accuracy", "loyalty", "latency_ms", "params")


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


def search_document(
    course: Course[Any], teacher: Mapping[str, Any], *, random: bool
) -> dict[str, Any]:
    """Everything as JSON values: the front by name, and every student that was tried."""
    return {
        "schema_version": 1,
        "random": random,
        "objectives": list(course.settings.objectives),
        "front": [one.name for one in course.front()],
        "teacher": dict(teacher),
        "students": [_document(one, course) for one in course.students],
        "evaluations": {
            "made_by_this_run": course.evaluations.new,
            "seconds": round(course.evaluations.seconds, 1),
        },
    }


def _document(one: Candidate[Any], course: Course[Any]) -> dict[str, Any]:
    space = course.evolution.space
    return {
        "name": one.name,
        "generation": one.generation,
        "genome": space.written(one.genome),
        "made_of": space.described(one.genome),
        "known_before": dict(one.costs),
        "by_seed": {str(seed): values for seed, values in one.found.items()},
        "failed": one.failed,
    }


def _number(one: Candidate[Any], goal: str) -> str:
    low, high = one.range(goal)
    if goal == "params":
        return f"{low / 1e6:.2f}M"
    value = f"{one.value(goal):.3f}"
    return value if low == high else f"{value} [{low:.3f}, {high:.3f}]"
