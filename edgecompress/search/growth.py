"""How far a front reached after how many trainings, on a scale that two searches can share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgecompress.search.course import Candidate, Course
from edgecompress.search.evolution import Scored, losses_of
from edgecompress.search.ranking import fronts, hypervolume

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """Between the best and the worst value that any student had in each goal."""

    goals: tuple[str, ...]
    best: Doubles  # [goals], losses
    worst: Doubles

    @classmethod
    def around(cls, courses: Sequence[Course[Any]]) -> Self | None:
        """That of all their students by their first trainings; None where nobody has all goals."""
        goals = courses[0].settings.objectives
        losses = [one.losses(goals) for course in courses for one in course.firsts()]
        if not losses:
            return None
        every = np.array(losses)
        return cls(tuple(goals), every.min(axis=0), every.max(axis=0))

    def share(self, students: Sequence[Candidate[Any]]) -> float:
        """Share of the box that at least one of these students beats, from 0 to 1.

        The reference point is the box's worst corner. Goals in which all are equal do not count.
        """
        apart = self.worst > self.best
        losses = losses_of([Scored(one.genome, one.losses(self.goals)) for one in students])
        if not len(losses) or not apart.any():
            return 0.0
        scaled = (losses - self.best)[:, apart] / (self.worst - self.best)[apart]
        return hypervolume(scaled, np.ones(int(apart.sum())))


def growth(course: Course[Any], box: Box) -> list[tuple[int, float]]:
    """(students tried, share of the box beaten), after each student that made it more.

    By first trainings, in the order of proposal, whichever worker was done first.
    """
    known = {one.name: one for one in course.firsts()}
    points, kept, reached = [(0, 0.0)], list[Candidate[Any]](), 0.0
    for number, student in enumerate(course.students, start=1):
        if student.name not in known:
            continue
        kept.append(known[student.name])
        now = box.share(kept)
        if now > reached:
            points.append((number, now))
            kept, reached = _unbeaten(kept, box.goals), now
        else:
            kept.pop()
    return [*points, (len(course.students), reached)]


def _unbeaten(students: list[Candidate[Any]], goals: Sequence[str]) -> list[Candidate[Any]]:
    ranks = fronts(losses_of([Scored(one.genome, one.losses(goals)) for one in students]))
    return [one for one, rank in zip(students, ranks, strict=True) if rank == 0]
