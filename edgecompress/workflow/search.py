"""Verb `search`: many students in the place of one, and those that nobody beats."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ruamel.yaml import YAML

from edgecompress.core.cluster import Cluster, Job, connected
from edgecompress.core.errors import InputError, MissingExtra
from edgecompress.core.pool import Executor, Pool
from edgecompress.data.roles import Data
from edgecompress.recipe.crosschecks import training_roles
from edgecompress.recipe.learning import Student
from edgecompress.recipe.reading import RecipeFile, resolved
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.searching import Search
from edgecompress.report.search import front_lines
from edgecompress.runtime.machine import fingerprint
from edgecompress.search.course import Candidate, Course
from edgecompress.search.evaluations import Evaluations
from edgecompress.search.evolution import Evolution
from edgecompress.search.genome import Space
from edgecompress.search.replay import other_way
from edgecompress.search.taught import TaughtSpace
from edgecompress.store.keys import library_versions, step_key
from edgecompress.workflow.candidates import (
    ROLE,
    Frame,
    as_json,
    evaluated,
    section_of,
    task_of,
    with_student,
)
from edgecompress.workflow.latencies import AnySpace, Made, costs_of, space_of
from edgecompress.workflow.metrics import LIBRARIES
from edgecompress.workflow.workspace import Workspace

VERSION: Final = 1  # raise when the same student would be judged otherwise
WORKER: Final = (sys.executable, "-m", "edgecompress.workflow.candidates")
ONE_THREAD: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Hire = Callable[[Workspace], AbstractContextManager[Executor]]
"""Whoever does the work for the length of a block: processes of this machine, or a cluster."""


@dataclass(frozen=True)
class Found:
    """What a search has come to."""

    frame: Frame
    space: AnySpace  # of shapes; that of the course may tell how students learn, too
    course: Course[Any]
    beside: Course[Any] | None  # the other way of searching, where the store has all of it
    teacher: Mapping[str, Any]  # its own values, on the same rows
    workers: int

    @property
    def file(self) -> RecipeFile:
        """The searched recipe."""
        return self.frame.run.file

    def stages(self, genome: Any) -> list[dict[str, Any]]:
        """Of a student that trains as long as the searched recipe says, as JSON values."""
        return as_json(self.course.evolution.space.stages(genome, _training(self.file)))

    def alone(self, one: Candidate[Any]) -> Recipe:
        """The student as a recipe of its own."""
        recipe = self.file.recipe
        made = with_student(recipe, self.stages(one.genome))
        return made.model_copy(update={"name": f"{recipe.name[:51]}-{one.name}"})

    def write_recipe(self, one: Candidate[Any]) -> Path:
        """The same as a file beside the searched one."""
        path = self.file.document.path
        target = path.with_name(f"{path.stem}-{one.name}.yaml")
        with target.open("w", encoding="utf-8") as file:
            file.write(f"# Found by `edgecompress search {path.name}`.\n")
            YAML(typ="safe").dump(resolved(self.alone(one)), file)
        return target

    def write_recipes(self) -> list[Path]:
        """Each student of the front as such a file."""
        return [self.write_recipe(one) for one in self.course.front()]


@contextmanager
def local(ws: Workspace, workers: int | None = None) -> Iterator[Pool]:
    """Processes of this machine, each on one thread; as many as there are cores, if not said."""
    environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}
    size = workers or ws.threads
    with (
        TemporaryDirectory(prefix="edgecompress-search-") as logs,
        Pool(size, WORKER, environment, Path(logs)) as pool,
    ):
        yield pool


@contextmanager
def on_ray(ws: Workspace, address: str) -> Iterator[Cluster]:
    """Nodes of a Ray cluster; see `connected`."""
    with connected(Job("search", evaluated), address) as cluster:
        yield cluster


def search_recipe(
    file: RecipeFile, ws: Workspace, hire: Hire = local, *, random: bool = False
) -> Found:
    """Search, from wherever an earlier run of the same search ended.

    Args:
        file: with a section `search`.
        ws: students go into its store.
        hire: who trains and attacks them.
        random: draw every student, as a baseline of the same budget.

    Raises:
        InputError: the recipe has no section `search`, or too few rows to attack.
        MissingExtra: the attack needs a package that is not installed.
        StoreBusy: the same search is under way.
        EnvironmentFault: no student of a generation could be trained.
    """
    settings = section_of(file)
    _require_attackers(settings)
    _require_rows(settings, Data(file.recipe, file.folder, ws.resources, ws.progress))
    frame = Frame.made(file, ws)
    key = _key(file, frame)
    with ws.store.lock(key):
        made = Made.of(frame.run.made[-1])
        space = space_of(settings, made)
        costs = costs_of(space, settings, made, frame)
        evolution = _evolution(file, space, _within(settings, costs), random=random)
        teacher = _of_teacher(settings, frame)
        tell = _teller(file, ws, evolution)
        journal = ws.store.journal(f"search-{key[:32]}")
        with hire(ws) as executor:
            evaluations = Evaluations(journal, executor, ws.progress)
            floor = teacher["accuracy"]["value"] - (settings.max_drop or 1.0)
            course = Course(settings, evolution, evaluations, costs, tell, floor)
            course.run(_speaker(ws))
            workers = max(1, executor.workers)
        return Found(frame, space, course, other_way(course, workers), teacher, workers)


def _evolution(
    file: RecipeFile, space: AnySpace, allowed: Callable[[Any], bool], *, random: bool
) -> Evolution[Any]:
    """Over the space of shapes, or where the recipe asks for it that of shapes and adversaries."""
    settings, own = section_of(file), _training(file)
    radii, examples = settings.adversarial_radii, settings.adversarial_examples
    whole: Space[Any] = space
    if radii or examples:
        radii, examples = (
            radii or (own.adversarial_radius,),
            examples or (own.adversarial_examples,),
        )
        whole = TaughtSpace(space, radii, examples)
    return Evolution(
        whole, file.recipe.seed, settings.population, settings.crossover, allowed, random
    )


def _speaker(ws: Workspace) -> Callable[[Course[Any], int], None]:
    def speak(course: Course[Any], number: int) -> None:
        tried, failed = len(course.students), sum(bool(s.failed) for s in course.students)
        ws.progress.say(f"generation {number}: {tried} students tried, {failed} failed; the front:")
        for line in front_lines(course):
            ws.progress.say(f"  {line}")

    return speak


def _teller(
    file: RecipeFile, ws: Workspace, evolution: Evolution[Any]
) -> Callable[[Any], dict[str, Any]]:
    """A student's stages, trained for a short time."""
    settings, everywhere = section_of(file), task_of(file, ws)
    short = {"epochs": settings.epochs}
    if "transfer" in dict(file.recipe.data.by_role()):  # else idle, and a finalist is found again
        short["transfer_epochs"] = settings.transfer_epochs
    training = _training(file).model_copy(update=short)

    def tell(genome: Any) -> dict[str, Any]:
        return {**everywhere, "stages": as_json(evolution.space.stages(genome, training))}

    return tell


def _training(file: RecipeFile) -> Student:
    stage = file.recipe.stages[section_of(file).student]
    assert isinstance(stage, Student), "the recipe was checked"
    return stage


def _within(settings: Search, costs: Callable[[Any], dict[str, float]]) -> Callable[[Any], bool]:
    bounds = {name: most for name, most in settings.bounds if most is not None}

    def allowed(genome: Any) -> bool:
        known = costs(genome)
        return all(known[name] <= most for name, most in bounds.items())

    return allowed


def _of_teacher(settings: Search, frame: Frame) -> dict[str, Any]:
    """Attacked before anybody is trained, so that workers find what they compare with."""
    found = frame.trained(frame.teacher)
    if "robustness" in settings.objectives:
        found |= frame.attacked(frame.teacher)
    return found


def _require_attackers(settings: Search) -> None:
    missing = [name for name in ("textattack", "nltk") if find_spec(name) is None]
    if "robustness" in settings.objectives and missing:
        raise MissingExtra.of("search.attack", missing[0], "attack")


def _require_rows(settings: Search, data: Data) -> None:
    """Where that is known without reading them."""
    rows, asked = data.rows(ROLE), settings.attack.rows
    if "robustness" in settings.objectives and rows is not None and asked > rows:
        raise InputError(f"search.attack.rows: asks for {asked:,}, data.{ROLE} has {rows:,}")


def _key(file: RecipeFile, frame: Frame) -> str:
    """By all that an evaluation hangs on, beside the student.

    Budget, goals and population stay out: a search that goes on for longer, and the random one,
    find what was evaluated already.
    """
    settings, recipe, run = section_of(file), file.recipe, frame.run
    return step_key(
        {
            "kind": "search",
            "version": VERSION,
            "space": settings.space.model_dump(mode="json"),
            "attack": settings.attack.model_dump(mode="json"),
            "epochs": [settings.epochs, settings.transfer_epochs],
            "stages": as_json(recipe.stages[settings.student :]),
            "labels": recipe.labels,
            "seed": recipe.seed,
            "inputs": [run.teacher.digest, run.made[-1].digest],
            "rows": {role: run.data.digest(role) for role in training_roles(recipe)},
            "machine": fingerprint(),
            "libraries": library_versions((*LIBRARIES, "transformers", "textattack", "nltk")),
        }
    )
