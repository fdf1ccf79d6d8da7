"""What is tried next: each generation is a pure function of the seed, its number and the results.

In whatever order results came, whoever found them, and however often the search was killed: the
same results give the same children.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic

import numpy as np
from numpy.typing import NDArray

from edgecompress.search.chance import Chance
from edgecompress.search.genome import G, Space, name_of
from edgecompress.search.ranking import best_first

TRIES: Final = 200  # for one child, before any student will do


@dataclass(frozen=True)
class Scored(Generic[G]):
    """A student with what it costs in each goal; less is better."""

    genome: G
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Evolution(Generic[G]):
    """NSGA-II over a space; with `random` every generation is drawn, as a baseline.

    All students that have results may be parents, however old they are: results are too dear to
    be forgotten.

    Source: Deb et al. (2002), doi:10.1109/4235.996017, for selection; changes are the space's.
    """

    space: Space[G]
    seed: int
    population: int
    crossover: float
    allowed: Callable[[G], bool]  # within the bounds, known without training
    random: bool = False

    def generation(
        self, number: int, size: int, results: Sequence[Scored[G]], tried: Collection[str]
    ) -> list[G]:
        """Students that nobody has tried; fewer than `size`, or none, where the space is used up.

        Args:
            number: of the generation, counted from 0.
            size: how many are wanted.
            results: of all earlier generations.
            tried: names of the students of all earlier generations, those without results too.
        """
        parents = [] if self.random else self.parents(results)
        seen, children = set(tried), list[G]()
        for child in range(size):
            chance = Chance(f"{self.seed}/search/{number}/{child}")
            for genome in self._candidates(parents, chance):
                name = name_of(self.space, genome)
                if name not in seen and self.allowed(genome):
                    seen.add(name)
                    children.append(genome)
                    break
        return children

    def parents(self, results: Sequence[Scored[G]]) -> list[G]:
        """As many as a generation has, the best first."""
        told = sorted(results, key=lambda one: name_of(self.space, one.genome))
        order = best_first(losses_of(told))
        return [told[place].genome for place in order[: self.population]]

    def _candidates(self, parents: Sequence[G], chance: Chance) -> Iterator[G]:
        """Children, then, where those are all known or not allowed, any students."""
        for _ in range(TRIES if parents else 0):
            genome = self._parent(parents, chance)
            if len(parents) > 1 and chance.happens(self.crossover):
                genome = self.space.crossed(genome, self._parent(parents, chance), chance)
            yield self.space.mutated(genome, chance)
        for _ in range(TRIES):
            yield self.space.drawn(chance)

    def _parent(self, parents: Sequence[G], chance: Chance) -> G:
        """The better one of two."""
        return parents[min(chance.below(len(parents)), chance.below(len(parents)))]


def losses_of(told: Sequence[Scored[G]]) -> NDArray[np.float64]:
    """[n, goals]."""
    return np.array([one.losses for one in told], dtype=np.float64)
