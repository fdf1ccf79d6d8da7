"""Verb `plan`: the recipe as steps, each with its key, and which of them the store already has."""

from dataclasses import dataclass
from typing import Any

from edgecompress.core.artifact import Artifact
from edgecompress.data.roles import Data
from edgecompress.recipe.crosschecks import roles_read
from edgecompress.recipe.reading import RecipeFile
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.stages import Distill, StageSettings
from edgecompress.store.keys import library_versions, step_key
from edgecompress.workflow.certify import Certificate
from edgecompress.workflow.estimate import Expectation, expectations
from edgecompress.workflow.origin import Origin, origin_of, teacher_origin
from edgecompress.workflow.validate import require_sound, steps_of
from edgecompress.workflow.workspace import Workspace


@dataclass(frozen=True)
class Step:
    """One stage of a recipe, with everything that its key needs but its input."""

    label: str  # "teacher", "stages[0]"
    settings: StageSettings
    roles: tuple[str, ...]
    data_digests: tuple[str, ...]
    origin: Origin | None  # of a student that starts from other weights
    recipe: Recipe

    @property
    def kind(self) -> str:
        """The word in the recipe."""
        return str(getattr(self.settings, "kind"))  # noqa: B009  (every subclass has it)

    @property
    def module(self) -> str:
        """The file that implements it."""
        return f"edgecompress/stages/{self.kind}.py"

    def key(self, input_digest: str, teacher_digest: str | None) -> str:
        """The store's name for this step, given what it starts from."""
        return step_key(
            {
                "kind": self.kind,
                "version": self.settings.version,
                "settings": self.settings.model_dump(
                    mode="json", by_alias=True, exclude=self.settings.unkeyed
                ),
                "inputs": [
                    input_digest,
                    teacher_digest if self.settings.needs_teacher else None,
                    self.origin.digest if self.origin else None,
                    *self.data_digests,
                ],
                "labels": self.recipe.labels,
                "pairs": takes_pairs(self.recipe),
                "seed": self.recipe.seed,
                "libraries": library_versions(self.settings.libraries),
            }
        )


@dataclass(frozen=True)
class PlannedStep:
    """A step and what the store knows of it; the key of what follows a gap is not known yet."""

    step: Step
    key: str | None
    artifact: Artifact | None
    expected: Expectation


@dataclass(frozen=True)
class Plan:
    """What `run` would do."""

    file: RecipeFile
    steps: tuple[PlannedStep, ...]
    certificates: tuple[Certificate, ...]
    teacher: Origin

    def as_document(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "recipe": {"name": self.file.recipe.name, "digest": self.file.digest},
            "steps": [
                {
                    "label": p.step.label,
                    "kind": p.step.kind,
                    "state": "cached" if p.artifact else "to do",
                    "key": p.key,
                    "expected_seconds": None if p.artifact else p.expected.seconds,
                    "expected_bytes": p.expected.bytes,
                    "gives": p.step.settings.gives,
                    "loads_as": p.step.settings.loads_as,
                    "file": p.step.module,
                }
                for p in self.steps
            ],
            "certificates": [
                {**vars(c), "impossible": c.impossible, "doubtful": c.doubtful}
                for c in self.certificates
            ],
        }


def takes_pairs(recipe: Recipe) -> bool:
    """Whether the task is sentence pairs."""
    return any(ref.text_pair is not None for _, ref in recipe.data.by_role())


def make_steps(file: RecipeFile, data: Data) -> tuple[Step, ...]:
    """All steps of a recipe, the teacher's first."""
    recipe, steps = file.recipe, []
    for index, settings in enumerate(steps_of(recipe)):
        roles = roles_read(settings, recipe)
        elsewhere = settings.weights if isinstance(settings, Distill) else "input"
        steps.append(
            Step(
                label="teacher" if index == 0 else f"stages[{index - 1}]",
                settings=settings,
                roles=roles,
                data_digests=tuple(data.digest(role) for role in roles),
                origin=None
                if elsewhere == "input"
                else origin_of(elsewhere, None, file.folder, data.resources),
                recipe=recipe,
            )
        )
    return tuple(steps)


def plan_recipe(file: RecipeFile, ws: Workspace) -> Plan:
    """Walk the steps as far as the store reaches.

    Raises:
        RecipeError, MissingExtra, GateUndecided: as `validate`.
    """
    data = Data(file.recipe, file.folder, ws.resources, ws.progress)
    certified = require_sound(file, data)
    origin = teacher_origin(file, ws.resources)
    steps = make_steps(file, data)
    planned: list[PlannedStep] = []
    digest: str | None = origin.digest
    teacher: str | None = None
    for step, expected in zip(steps, expectations(file, data, origin), strict=True):
        key = None if digest is None else step.key(digest, teacher)
        artifact = None if key is None else ws.store.find(key)
        digest = artifact.digest if artifact else None
        teacher = teacher or digest
        planned.append(PlannedStep(step, key, artifact, expected))
    return Plan(file, tuple(planned), tuple(certified), origin)
