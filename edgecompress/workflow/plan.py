"""Verb `plan`: the recipe as steps, each with its key, and which of them the store already has."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgecompress.core.artifact import Artifact
from edgecompress.data.roles import Data
from edgecompress.recipe.crosschecks import roles_read
from edgecompress.recipe.reading import RecipeFile
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.stage import StageSettings, TrainingSettings
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.asked import Question
from edgecompress.store.keys import library_versions
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
    origins: Mapping[str, Origin]  # other models that it starts from, by key of the setting
    recipe: Recipe
    again: bool = False  # the teacher once more, from another seed: nothing goes on from it

    @property
    def aside(self) -> bool:
        """Whether the next step starts from what this one started from."""
        return self.again or self.settings.aside

    @property
    def trains(self) -> bool:
        """Whether several processes can share its work."""
        return isinstance(self.settings, TrainingSettings)

    @property
    def kind(self) -> str:
        """The word in the recipe."""
        return str(getattr(self.settings, "kind"))  # noqa: B009  (every subclass has it)

    @property
    def module(self) -> str:
        """The file that implements it."""
        return f"edgecompress/stages/{self.kind.replace('-', '_')}.py"

    def key(self, start: "Start") -> str:
        """The store's name for this step, given what it starts from."""
        return self.question(start).key

    def question(self, start: "Start") -> Question:
        """Everything that can change the result, given what it starts from."""
        settings = self.settings
        parts = {
            "kind": self.kind,
            "version": settings.version,
            "settings": settings.model_dump(
                mode="json", by_alias=True, exclude=settings.unkeyed | settings.idle()
            ),
            "inputs": [
                start.model,
                start.teacher if settings.needs_teacher else None,
                {name: origin.digest for name, origin in self.origins.items()},
                {kind: start.aside[kind] for kind in settings.uses()},
                *self.data_digests,
            ],
            "machine": fingerprint() if settings.measures_this_machine else None,
            "labels": self.recipe.labels,
            "pairs": takes_pairs(self.recipe),
            "seed": self.recipe.seed if settings.draws else None,
            "libraries": library_versions(settings.libraries),
        }
        return Question(parts, self.roles)


@dataclass(frozen=True)
class Start:
    """What the steps before have made, as digests."""

    model: str  # the newest of the chain
    teacher: str | None = None
    aside: Mapping[str, str] = field(default_factory=dict)  # by kind of the stage

    def after(self, step: Step, digest: str) -> "Start":
        """Once `step` has made an artifact of this digest."""
        if step.settings.aside:
            return replace(self, aside={**self.aside, step.kind: digest})
        return replace(self, model=digest, teacher=self.teacher or digest)


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
                    "remarks": list(p.step.settings.remarks()),
                    "loads_as": p.step.settings.loads_as,
                    "file": p.step.module,
                }
                for p in self.steps
            ],
            "certificates": [c.as_document() for c in self.certificates],
        }


def takes_pairs(recipe: Recipe) -> bool:
    """Whether the task is sentence pairs."""
    return any(ref.text_pair is not None for _, ref in recipe.data.by_role())


def make_steps(file: RecipeFile, data: Data) -> tuple[Step, ...]:
    """All steps of a recipe, the teacher's first."""
    recipe, steps = file.recipe, []
    for index, settings in enumerate(steps_of(recipe)):
        roles = roles_read(settings, recipe)
        named = settings.origins().items()
        steps.append(
            Step(
                label="teacher" if index == 0 else f"stages[{index - 1}]",
                settings=settings,
                roles=roles,
                data_digests=tuple(data.digest(role) for role in roles),
                origins={
                    key: origin_of(name, None, file.folder, data.resources) for key, name in named
                },
                recipe=recipe,
            )
        )
    if any(check.needs_retrained for check in recipe.gate):
        steps.insert(1, retrained(steps[0]))
    return tuple(steps)


def retrained(teacher: Step) -> Step:
    """The same training on the same rows from the next seed, to compare the teacher with."""
    recipe = teacher.recipe.model_copy(update={"seed": teacher.recipe.seed + 1})
    return replace(teacher, label="retrained", recipe=recipe, again=True)


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
    at_origin = Start(origin.digest)
    start: Start | None = at_origin
    for step, expected in zip(steps, expectations(steps, data, origin), strict=True):
        begin = at_origin if step.again else start
        key = None if begin is None else step.key(begin)
        artifact = None if key is None else ws.store.find(key)
        if not step.again:
            start = start.after(step, artifact.digest) if start and artifact else None
        planned.append(PlannedStep(step, key, artifact, expected))
    return Plan(file, tuple(planned), tuple(certified), origin)
