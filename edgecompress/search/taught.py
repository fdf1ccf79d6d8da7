"""Students of any space that differ in how they learn, too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic

from edgecompress.recipe.learning import Student
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.search.genome import G, Space

CHANGED: Final = 0.2  # share of the mutations that are of how a student learns


@dataclass(frozen=True)
class Taught(Generic[G]):
    """A student, and the adversaries that it learns against."""

    student: G
    radius: float  # `adversarial_radius` of its training
    examples: bool = False  # `adversarial_examples` of its training


@dataclass(frozen=True)
class TaughtSpace(Generic[G]):
    """Each student of a space with each of these radii, with examples or without."""

    students: Space[G]
    radii: tuple[float, ...]
    examples: tuple[bool, ...] = (False,)

    def drawn(self, chance: Chance) -> Taught[G]:
        """Any of them."""
        student = self.students.drawn(chance)
        return Taught(student, chance.pick(self._rising), chance.pick(self.examples))

    def mutated(self, genome: Taught[G], chance: Chance) -> Taught[G]:
        """The next radius, or examples or not, or the student otherwise."""
        several = [way for way in ("radius", "examples") if len(self._ways[way]) > 1]
        if several and chance.happens(CHANGED):
            way = chance.pick(several)
            return replace(genome, **{way: chance.neighbour(getattr(genome, way), self._ways[way])})
        return replace(genome, student=self.students.mutated(genome.student, chance))

    def crossed(self, one: Taught[G], other: Taught[G], chance: Chance) -> Taught[G]:
        """A part of each student; each way of learning from either."""
        student = self.students.crossed(one.student, other.student, chance)
        radius = chance.pick((one.radius, other.radius))
        return Taught(student, radius, chance.pick((one.examples, other.examples)))

    def written(self, genome: Taught[G]) -> Any:
        """The student as its own space writes it, and how it learns."""
        student = self.students.written(genome.student)
        return {"student": student, "radius": genome.radius, "examples": genome.examples}

    def read(self, values: Any) -> Taught[G]:
        """What `written` wrote."""
        student = self.students.read(values["student"])
        return Taught(student, values["radius"], values["examples"])

    def described(self, genome: Taught[G]) -> str:
        """As its own space does, and how it learns."""
        examples = " examples" if genome.examples else ""
        return f"{self.students.described(genome.student)} radius {genome.radius:g}{examples}"

    def choices(self, genome: Taught[G]) -> dict[str, float]:
        """The student's, and those of its training."""
        return {
            **self.students.choices(genome.student),
            "adversarial radius": genome.radius,
            "adversarial examples": float(genome.examples),
        }

    def params(self, genome: Taught[G]) -> int:
        """Weights of the student."""
        return self.students.params(genome.student)

    def stages(self, genome: Taught[G], training: Student) -> Sequence[StageSettings]:
        """What makes the student, trained against its adversaries."""
        against = {"adversarial_radius": genome.radius, "adversarial_examples": genome.examples}
        return self.students.stages(genome.student, training.model_copy(update=against))

    @property
    def _rising(self) -> list[float]:
        return sorted(self.radii)

    @property
    def _ways(self) -> dict[str, Sequence[Any]]:
        return {"radius": self._rising, "examples": self.examples}


def bare(genome: Any) -> Any:
    """The student alone, of whichever kind of space."""
    return genome.student if isinstance(genome, Taught) else genome
