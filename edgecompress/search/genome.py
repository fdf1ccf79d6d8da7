"""What every space of students offers: draws, changes, and what a student is made by.

A genome is plain data. All that a space gives is valid and in canonical form, so that the same
student is never tried twice under two names.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from edgecompress.recipe.learning import Student
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.store.keys import canonical_json

G = TypeVar("G")


@dataclass(frozen=True)
class Shape:
    """The model that students are made of; all its matrices but the word table count as whole."""

    hidden: int
    head_size: int
    heads: tuple[int, ...]  # by layer
    intermediate: tuple[int, ...]  # by layer
    vocabulary: int
    positions: int  # rows of their table
    segments: int  # the same
    classes: int
    rank: int | None = None  # of the word table, where it is stored as two factors

    def tables(self, rank: int | None) -> int:
        """Weights of the embeddings, with a word table of this rank."""
        words = self.vocabulary * (rank or self.hidden) + (rank or 0) * self.hidden
        return words + (self.positions + self.segments + 2) * self.hidden

    def head(self, width: int) -> int:
        """Weights of a head on states of this width."""
        return width * width + width + width * self.classes + self.classes


class Space(Protocol[G]):
    """Students of one kind."""

    def drawn(self, chance: Chance) -> G:
        """Any of them."""

    def mutated(self, genome: G, chance: Chance) -> G:
        """One like it, with one choice made otherwise."""

    def crossed(self, one: G, other: G, chance: Chance) -> G:
        """One that has a part of each."""

    def written(self, genome: G) -> Any:
        """The genome as JSON values, the same for the same student."""

    def read(self, values: Any) -> G:
        """What `written` wrote, also after a trip through a file."""

    def described(self, genome: G) -> str:
        """For a line of a table."""

    def choices(self, genome: G) -> Mapping[str, float]:
        """What was chosen, by name: numbers, and 0 or 1 where something was taken or not.

        Every genome of a space names the same choices.
        """

    def params(self, genome: G) -> int:
        """Weights of the student before quantization."""

    def stages(self, genome: G, training: Student) -> Sequence[StageSettings]:
        """What makes the student, trained by these settings."""


def name_of(space: Space[G], genome: G) -> str:
    """12 hexadecimal characters that stand for the student."""
    return hashlib.sha256(canonical_json(space.written(genome)).encode()).hexdigest()[:12]


def shared_settings(training: Student) -> dict[str, Any]:
    """Those that all stages have that teach, but for the kind."""
    return {name: getattr(training, name) for name in Student.model_fields if name != "kind"}
