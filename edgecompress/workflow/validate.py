"""Verb `validate`: everything that can be said of a recipe before any compute, without torch."""

from importlib.util import find_spec
from pathlib import Path

from edgecompress.core.errors import DataError, GateUndecided, InputError, MissingExtra, RecipeError
from edgecompress.data.resources import Resources
from edgecompress.data.roles import Data
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
    _require_extras(steps_of(file.recipe))
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
        except (DataError, RecipeError) as error:
            found.append(Mistake(("data", *role.split("/")), str(error)))
    return found


def _require_extras(steps: tuple[StageSettings, ...]) -> None:
    for library in sorted({name for step in steps for name in step.libraries}):
        if find_spec(library) is None:
            raise MissingExtra(
                f"this recipe needs {library}, which is not installed: "
                'pip install "edgecompress[build]"'
            )
