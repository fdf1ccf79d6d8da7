"""What a stage is given besides its input and its settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import Keep
from edgecompress.core.progress import Progress
from edgecompress.core.ranks import ALONE, Ranks
from edgecompress.core.texts import TextSet
from edgecompress.recipe.learning import Student


@dataclass(frozen=True)
class StageContext:
    """A stage writes below `out`, keeps resumable state below `scratch`, touches nothing else.

    Where several processes run it, they share `scratch`, into which the lead alone writes; what the
    others write below `out`, which each has for itself, is thrown away.
    """

    out: Path  # empty folder; becomes the artifact
    scratch: Path  # survives a kill; removed once the artifact is sealed
    labels: tuple[str, ...]
    data: Mapping[str, TextSet]  # the roles the settings class reads, and may read where given
    seed: int
    threads: int
    progress: Progress
    teacher: Artifact | None = None  # "torch-model", for stages that need one
    origins: Mapping[str, Path] = field(default_factory=dict)  # by `StageSettings.origins`
    aside: Mapping[str, Artifact] = field(default_factory=dict)  # by `StageSettings.uses`
    pair_inputs: bool = False  # the task is sentence pairs
    ranks: Ranks = ALONE  # all processes that run this stage
    keep: Keep | None = None  # what other students of the same teacher need as well

    def whoever_teaches(self, settings: Student, model: Artifact) -> Artifact:
        """The recipe's teacher, or `model`, which entered the stage, as an intermediate one."""
        assert self.teacher is not None, "the plan gives a teacher to every stage that needs one"
        return self.teacher if settings.learn_from == "teacher" else model


# Each stage names its own settings class, which `recipe.stages` ties to it by the kind.
StageFunction = Callable[[Artifact, Any, StageContext], Facts]
