"""A search from its first generation to its elites.

Every generation is trained shortly; its better part, by what is known so far, is attacked; what was
attacked may have children. At the end the best are trained again from other seeds, since the best
of many owes something to luck.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import inf
from statistics import fmean
from typing import Any, Generic

from edgecompress.core.errors import InputError
from edgecompress.recipe.searching import RISING, Search
from edgecompress.search.evaluations import Evaluations, Result, Rung, Wanted
from edgecompress.search.evolution import Evolution, Scored, losses_of
from edgecompress.search.genome import G, name_of
from edgecompress.search.ranking import best_first, fronts

Costs = Callable[[G], Mapping[str, float]]
"""What is known of a student before any training: "params", "latency_ms"."""


@dataclass
class Candidate(Generic[G]):
    """One that was tried, and all that was found out about it."""

    name: str
    genome: G
    generation: int
    costs: Mapping[str, float]
    found: dict[int, dict[str, Any]] = field(default_factory=dict)  # by seed
    seconds: dict[str, float] = field(default_factory=dict)  # of work, by rung, all seeds
    failed: str | None = None

    @property
    def first(self) -> "Candidate[G]":
        """What its first training alone has found."""
        found = {seed: values for seed, values in self.found.items() if seed == 0}
        return Candidate(self.name, self.genome, self.generation, self.costs, found)

    def value(self, goal: str) -> float:
        """By a goal's name: known before, or the mean over the seeds that have it."""
        if goal in self.costs:
            return self.costs[goal]
        return fmean(values[goal]["value"] for values in self.found.values() if goal in values)

    def range(self, goal: str) -> tuple[float, float]:
        """Lowest and highest over the seeds."""
        each = [values[goal]["value"] for values in self.found.values() if goal in values]
        each = each or [self.costs[goal]]
        return min(each), max(each)

    def losses(self, goals: Sequence[str]) -> tuple[float, ...]:
        """One for each goal; less is better."""
        return tuple(-self.value(g) if g in RISING else self.value(g) for g in goals)

    def has(self, goals: Sequence[str]) -> bool:
        """Whether all of them are known."""
        known = [*self.costs, *(name for values in self.found.values() for name in values)]
        return not self.failed and set(goals) <= set(known)


Trial = tuple[Candidate[G], int]  # a student, and the seed that it is trained from


@dataclass
class Course(Generic[G]):
    """One search under way."""

    settings: Search
    evolution: Evolution[G]
    evaluations: Evaluations
    costs: Costs[G]
    tell: Callable[[G], Mapping[str, Any]]  # what a worker has to know of a student
    floor: float = -inf  # accuracy below which a student is never chosen
    students: list[Candidate[G]] = field(default_factory=list)  # as they were proposed

    def run(self, after: Callable[["Course[G]", int], None]) -> None:
        """Until the budget is spent or the space used up.

        Args:
            after: called behind each generation with its number.

        Raises:
            EnvironmentFault: all students of a generation failed.
            InputError: no student is within the bounds.
        """
        for number in count():
            new = self._next(number)
            if not new:
                break
            self._train([(one, 0) for one in new], f"generation {number}: train")
            survivors = [(one, 0) for one in self._survivors(new)]
            self._attack(survivors, f"generation {number}: attack")
            after(self, number)
        if not self.students:
            raise InputError(
                "search.bounds: none of the students that were drawn is within them; raise them, "
                "or let the space hold smaller students"
            )
        self._again()

    def front(self) -> list[Candidate[G]]:
        """Those that nobody beats in all goals, the most wanted first goal first."""
        goals, scored = self.settings.objectives, self.choosable()
        if not scored:
            return []
        ranks = fronts(losses_of([Scored(one.genome, one.losses(goals)) for one in scored]))
        best = [one for one, rank in zip(scored, ranks, strict=True) if rank == 0]
        return sorted(best, key=lambda one: (one.losses(goals), one.name))

    def choosable(self) -> list[Candidate[G]]:
        """Those that have all goals, and are accurate enough to be worth choosing."""
        return [one for one in self.students if self._may_be_chosen(one)]

    def firsts(self) -> list[Candidate[G]]:
        """The same by their first training alone."""
        return [first for one in self.students if self._may_be_chosen(first := one.first)]

    def _may_be_chosen(self, one: Candidate[G]) -> bool:
        return one.has(self.settings.objectives) and self._is_accurate(one)

    def _is_accurate(self, one: Candidate[G]) -> bool:
        return one.has(["accuracy"]) and one.value("accuracy") >= self.floor

    def _next(self, number: int) -> list[Candidate[G]]:
        """The next generation; empty at the end."""
        budget, executor = self.settings.budget, self.evaluations.executor
        spent_minutes = self.evaluations.seconds / executor.workers / 60
        if budget.minutes is not None and spent_minutes >= budget.minutes:
            return []
        left = budget.evaluations - self.settings.reserved - len(self.students)
        size, goals = min(left, self.settings.population), self.settings.objectives
        results = [Scored(one.genome, one.losses(goals)) for one in self.choosable()]
        tried = {one.name for one in self.students}
        genomes = self.evolution.generation(number, max(0, size), results, tried)
        space = self.evolution.space
        new = [Candidate(name_of(space, g), g, number, self.costs(g)) for g in genomes]
        self.students += new
        return new

    def _train(self, asked: Sequence[Trial[G]], what: str) -> None:
        self._evaluate(asked, "train", what)

    def _attack(self, asked: Sequence[Trial[G]], what: str) -> None:
        if "robustness" in self.settings.objectives:
            self._evaluate(asked, "attack", what)

    def _evaluate(self, asked: Sequence[Trial[G]], rung: Rung, what: str) -> None:
        if not asked:
            return
        asked = sorted(asked, key=lambda trial: -trial[0].costs["params"])  # the longest first
        wanted = [Wanted(one.name, rung, seed, self.tell(one.genome)) for one, seed in asked]
        results = self.evaluations.of(wanted, what)
        for (one, seed), result in zip(asked, results, strict=True):
            one.seconds[rung] = one.seconds.get(rung, 0.0) + result.seconds
            _take(one, result, seed)

    def _survivors(self, students: Sequence[Candidate[G]]) -> list[Candidate[G]]:
        """The better part of a generation by the goals that are known without an attack.

        Who is too inaccurate is not of it.
        """
        goals = [goal for goal in self.settings.objectives if goal != "robustness"] or ["accuracy"]
        fit = [one for one in students if one.has(goals) and self._is_accurate(one)]
        order = best_first(losses_of([Scored(one.genome, one.losses(goals)) for one in fit]))
        kept = max(1, round(self.settings.survivors * len(students)))
        return [fit[place] for place in order[:kept]]

    def _again(self) -> None:
        """The elites from all other seeds at once: a seed at a time would leave workers idle."""
        elites, seeds = self._elites(), range(1, self.settings.seeds)
        again = [(one, seed) for seed in seeds for one in elites]
        self._train(again, "elites, other seeds: train")
        self._attack(again, "elites, other seeds: attack")

    def _elites(self) -> list[Candidate[G]]:
        """The first of the front by one seed, spread over it, whatever other seeds say later."""
        goals, first = self.settings.objectives, self.firsts()
        order = best_first(losses_of([Scored(s.genome, s.losses(goals)) for s in first]))
        chosen = [first[place].name for place in order[: self.settings.elites]]
        return [one for one in self.students if one.name in chosen]


def _take(one: Candidate[G], result: Result, seed: int) -> None:
    """A failure of another seed takes nothing from what the first one found."""
    if result.failed is None:
        one.found.setdefault(seed, {}).update(result.values)
    elif seed == 0:
        one.failed = result.failed
