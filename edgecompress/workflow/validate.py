"""Verb `validate`: everything that can be said of a recipe before any compute, without torch."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edgecompress.core.errors import DataError, GateUndecided, InputError, MissingExtra, RecipeError
from edgecompress.data.named import NamedSources
from edgecompress.data.resources import Resources
from edgecompress.data.roles import Data
from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.check import CheckSettings
from edgecompress.recipe.document import KeyPath
from edgecompress.recipe.learning import Adopt
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.stage import StageSettings
from edgecompress.workflow.certify import Certificate, certificates
from edgecompress.workflow.origin import origin_of


def validate_recipe(path: Path, resources: Resources) -> list[Certificate]:
    """Read, cross-check, and look at what the recipe points to.

    Raises:
        RecipeError: with every mistake.
        MissingExtra: a stage needs a package that is not here.
        GateUndecided: a limit that the given rows can never certify.
    """
    file = read_recipe(path)
    return require_sound(file, Data(file.recipe, file.folder, resources, resources.progress))


def require_sound(file: RecipeFile, data: Data) -> list[Certificate]:
    """The checks behind `validate`, for verbs that go on; returns what the rows can certify."""
    file.require(_pointing_nowhere(file, data))
    file.require(_of_rows(file, data))  # counts rows, which exist by now
    _require_extras(steps_of(file.recipe), file.recipe.gate)
    found = certificates(file, data)
    if impossible := [c for c in found if c.impossible]:
        lines = "\n  ".join(map(str, impossible))
        raise GateUndecided(
            f"{file.document.path}: the gate could never be decided, whatever the model:\n  {lines}"
        )
    return found


def steps_of(recipe: Recipe) -> tuple[StageSettings, ...]:
    """The teacher's stage, then the recipe's own, in order."""
    teacher = recipe.teacher.finetune or Adopt(max_length=recipe.teacher.max_length)
    return (teacher, *recipe.stages)


def _pointing_nowhere(file: RecipeFile, data: Data) -> list[Mistake]:
    recipe = file.recipe
    found: list[Mistake] = []
    models: list[tuple[KeyPath, str, str | None]] = [
        (("teacher", "model"), recipe.teacher.model, recipe.teacher.revision)
    ]
    for index, stage in enumerate(recipe.stages):
        for key, name in stage.origins().items():
            models.append((("stages", index, *key.split(".")), name, None))
    for path, name, revision in models:
        try:
            origin_of(name, revision, file.folder, data.resources)
        except InputError as error:
            found.append(Mistake(path, str(error)))
    for role, _ in recipe.data.by_role():
        try:
            data.digest(role)
            data.rows(role)
            data.inspect(role)
        except (DataError, RecipeError) as error:
            found.append(Mistake(("data", *role.split("/")), str(error)))
    return found


def _of_rows(file: RecipeFile, data: Data) -> list[Mistake]:
    """What checks read beside the rows, and rows that are not there for them or for a stage."""
    found: list[Mistake] = []
    sources = NamedSources(file.folder, data.resources)
    present = [role for role, _ in file.recipe.data.by_role()]
    for index, check in enumerate(file.recipe.gate):
        for name in check.sources():
            try:
                sources.digest(name)
            except (DataError, RecipeError) as error:
                found.append(Mistake(("gate", index), str(error)))
        asked = getattr(check, "rows", None)
        for role in check.roles(present):
            there = data.rows(role) if role in present else None
            found += _too_many(("gate", index, "rows"), asked, role, there)
    for index, stage in enumerate(file.recipe.stages):
        if isinstance(stage, AdversarialExamples):
            found += _too_many(("stages", index, "rows"), stage.rows, "train", data.rows("train"))
    return found


def _too_many(key: KeyPath, asked: int | None, role: str, there: int | None) -> list[Mistake]:
    if asked is None or there is None or asked <= there:
        return []
    return [Mistake(key, f"asks for {asked:,} rows, data.{role} has {there:,}")]


def _require_extras(steps: Sequence[StageSettings], gate: Sequence[CheckSettings]) -> None:
    needed = {n: step.extras.get(n, "build") for step in steps for n in step.libraries}
    needed |= {name: check.extra for check in gate for name in check.libraries}
    for library, extra in sorted(needed.items()):
        if find_spec(library) is None:
            raise MissingExtra.of("this recipe", library, extra)
