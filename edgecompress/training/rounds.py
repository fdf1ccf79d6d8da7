"""When a network is cut while it learns: how far each cut goes, and the spans between the cuts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgecompress.core.errors import StageError
from edgecompress.recipe.shrinking import Prune


@dataclass(frozen=True)
class Goal:
    """What one cut should leave."""

    layers: int
    done: float  # share of the way from the full widths, or from sparsity 0, to those asked for


@dataclass(frozen=True)
class Course:
    """One role's rows and how long they are learnt from."""

    role: str
    epochs: int
    steps: int  # of all epochs


@dataclass(frozen=True)
class Leg:
    """A span of one course, and the cut before it."""

    course: Course
    span: tuple[int, int]  # steps [first, last) of the course
    cut: Goal | None
    final: bool  # no cut comes after it

    @property
    def name(self) -> str:
        """Of its bar and its checkpoints."""
        whole = self.span == (0, self.course.steps)
        return self.course.role if whole else f"{self.course.role}-{self.span[0]}"


def plan_cuts(settings: Prune, depth: int, layers: int) -> list[Goal]:
    """Depth first, a part of the layers each time, then widths, in equal parts; or all at once.

    Source: Liu et al. (2021), ROSITA, arXiv:2103.11367: depth is pruned before width.
    """
    if settings.rounds == 1:
        return [Goal(layers, 1.0)]
    dropped = depth - layers
    times = min(settings.rounds, dropped)
    goals = [Goal(depth - round(dropped * n / times), 0.0) for n in range(1, times + 1)]
    if settings.narrows:
        goals += [Goal(layers, n / settings.rounds) for n in range(1, settings.rounds + 1)]
    return goals


def plan_legs(cuts: Sequence[Goal], courses: Sequence[Course], settings: Prune) -> list[Leg]:
    """Cuts at even distances over the first `pruning_share` of all steps, the first before any.

    Raises:
        StageError: there are more cuts than such steps.
    """
    steps = sum(course.steps for course in courses)
    room = math.ceil(settings.pruning_share * steps)
    if len(cuts) > room:
        raise StageError(
            f"prune: {len(cuts)} cuts do not fit into the first {room} of {steps} steps; "
            "lower `rounds`, or raise `pruning_share` or `epochs`"
        )
    due = {number * room // len(cuts): cut for number, cut in enumerate(cuts)}
    legs, start = [], 0
    for course in courses:
        inside = {at - start for at in due if start < at < start + course.steps}
        edges = sorted({0, course.steps} | inside)
        for first, last in pairwise(edges):
            final = start + first >= max(due)
            legs.append(Leg(course, (first, last), due.get(start + first), final))
        start += course.steps
    return legs
