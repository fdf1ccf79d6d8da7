"""Students of any space that differ in how they learn, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic

from edgecompress.recipe.learning import Student
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.search.genome import G, Space

CHANGED: Final = 0.2  # share of the mutations that are of the radius


@dataclass(frozen=True)
class Taught(Generic[G]):
    """A student, and the adversary that it learns against."""

    student: G
    radius: float  # `adversarial_radius` of its training


@dataclass(frozen=True)
class TaughtSpace(Generic[G]):
    """Each student of a space with each of these radii."""

    students: Space[G]
    radii: tuple[float, ...]

    def drawn(self, chance: Chance) -> Taught[G]:
        """Any of them."""
        return Taught(self.students.drawn(chance), chance.pick(self._rising))

    def mutated(self, genome: Taught[G], chance: Chance) -> Taught[G]:
        """The next radius, or the student otherwise."""
        if len(self.radii) > 1 and chance.happens(CHANGED):
            return Taught(genome.student, chance.neighbour(genome.radius, self._rising))
        return Taught(self.students.mutated(genome.student, chance), genome.radius)

    def crossed(self, one: Taught[G], other: Taught[G], chance: Chance) -> Taught[G]:
        """A part of each student, and the radius of either."""
        student = self.students.crossed(one.student, other.student, chance)
        return Taught(student, chance.pick((one.radius, other.radius)))

    def written(self, genome: Taught[G]) -> Any:
        """The student as its own space writes it, and the radius."""
        return {"student": self.students.written(genome.student), "radius": genome.radius}

    def read(self, values: Any) -> Taught[G]:
        """What `written` wrote."""
        return Taught(self.students.read(values["student"]), values["radius"])

    def described(self, genome: Taught[G]) -> str:
        """As its own space does, and the radius."""
        return f"{self.students.described(genome.student)} radius {genome.radius:g}"

    def choices(self, genome: Taught[G]) -> dict[str, float]:
        """The student's, and the radius."""
        return {**self.students.choices(genome.student), "adversarial radius": genome.radius}

    def params(self, genome: Taught[G]) -> int:
        """Weights of the student."""
        return self.students.params(genome.student)

    def stages(self, genome: Taught[G], training: Student) -> Sequence[StageSettings]:
        """What makes the student, trained against its adversary."""
        against = training.model_copy(update={"adversarial_radius": genome.radius})
        return self.students.stages(genome.student, against)

    @property
    def _rising(self) -> list[float]:
        return sorted(self.radii)


def bare(genome: Any) -> Any:
    """The student alone, of whichever kind of space."""
    return genome.student if isinstance(genome, Taught) else genome
