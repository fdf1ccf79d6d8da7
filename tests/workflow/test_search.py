"""Real searches for students of the tiny BERT: a handful of them, trained in seconds."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgecompress.cli import main
from edgecompress.core.errors import InputError
from edgecompress.core.pool import Done, Task
from edgecompress.data.resources import Resources
from edgecompress.recipe.reading import read_recipe
from edgecompress.report.search import front_table, search_document
from edgecompress.store.store import Store
from edgecompress.workflow.candidates import Frame, evaluated
from edgecompress.workflow.places import cache_folder
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.search import local, search_recipe
from edgecompress.workflow.searched import told
from edgecompress.workflow.workspace import Workspace
from tests.fakes import Listener

RECIPE = """\
version: 1
name: tiny-search
task: text-classification
labels: [negative, positive]
teacher:
  model: resource:tiny-bert
  finetune: {epochs: 3, learning_rate: 1e-3, max_length: 48}
data:
  train: {source: "resource:tiny-reviews", split: train, rows: 400}
  validation: {source: "resource:tiny-reviews", split: validation, rows: 100}
  test: {source: "resource:tiny-reviews", split: test}
stages:
  - {kind: distill, layers: 2, epochs: 4, learning_rate: 1e-3, max_length: 48}
  - {kind: export}
  - {kind: quantize}
gate:
  - {check: size, ratio_at_most: 0.9}
search:
  student: 0
  space: SPACE
  population: 2
  objectives: OBJECTIVES
  budget: {evaluations: EVALUATIONS}
  attack: {rows: 6, query_budget: 10}
  elites: ELITES
  seeds: 2
"""


@dataclass
class Here:
    """Does tasks in this process."""

    workers: int = 1

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        for task in tasks:
            yield task, evaluated(task)


@contextmanager
def here(ws: Workspace) -> Iterator[Here]:
    yield Here()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A store for all tests, so that the teacher is trained once."""
    return tmp_path_factory.mktemp("search")


@pytest.fixture
def ws(place) -> Workspace:
    listener = Listener()
    store = Store(place / "store", listener)
    return Workspace(store, Resources(place / "cache", listener), listener, most_threads=1)


@pytest.fixture
def read(tmp_path):
    def made(**changes: str):
        values = {"SPACE": "{kind: subnetworks}", "OBJECTIVES": "[loyalty, params]"}
        text = RECIPE
        for name, value in (values | {"EVALUATIONS": "4", "ELITES": "0"} | changes).items():
            text = text.replace(name, value)
        (tmp_path / "tiny.yaml").write_text(text)
        return read_recipe(tmp_path / "tiny.yaml")

    return made


def test_a_search_finds_a_front_and_the_same_command_repeats_nothing(read, ws):
    file = read()
    found = search_recipe(file, ws, here)
    students = found.course.students
    assert [one.generation for one in students] == [0, 0, 1, 1]
    assert not any(one.failed for one in students)
    for one in students:
        made = one.found[0]
        assert 0.4 < made["accuracy"]["low"] <= made["accuracy"]["value"] <= 1
        assert made["bytes"]["value"] < 700_000  # of a teacher of 660 kB in fp32, with its graph
    again = search_recipe(file, ws, here)
    assert again.course.evaluations.new == 0
    document = search_document(told(again, ws))
    assert document["front"] == [one.name for one in found.course.front()]
    head, rows = front_table(again.course, again.teacher)
    assert head[:3] == ["student", "accuracy", "loyalty"]
    assert rows[-1][0] == "teacher"


def test_students_of_the_front_become_recipes_that_find_their_teacher_in_the_store(read, ws):
    found = search_recipe(read(), ws, here)
    written = found.write_recipes()
    assert len(written) == len(found.course.front())
    alone = read_recipe(written[0])
    assert alone.recipe.search is None
    prune = next(stage for stage in alone.recipe.stages if stage.kind == "prune")
    assert prune.epochs == 4  # as the recipe says, not as a candidate is trained
    assert plan_recipe(alone, ws).steps[0].artifact is not None


def test_a_student_that_was_trained_as_long_as_its_recipe_says_is_not_trained_again(read, ws):
    found = search_recipe(read(ELITES="0\n  epochs: 4"), ws, here)
    plan = plan_recipe(read_recipe(found.write_recipes()[0]), ws)
    assert all(step.artifact for step in plan.steps)


def test_cells_are_searched_too_within_their_bounds(read, ws):
    file = read(SPACE="{kind: cells, most_nodes: 3, repeats: [1, 2]}", EVALUATIONS="2")
    bounds = file.recipe.search.bounds.model_copy(update={"params": 80_000})
    search = file.recipe.search.model_copy(update={"bounds": bounds})
    file = replace(file, recipe=file.recipe.model_copy(update={"search": search}))
    tasks = []

    @contextmanager
    def noting(ws: Workspace) -> Iterator[Here]:
        class Noting(Here):
            def work(self, given: Sequence[Task]) -> Generator[Done]:
                tasks.extend(given)
                frame = Frame.made(file, ws)
                for task in given:
                    made = frame.student(task["stages"], task["seed"])
                    assert made.kind == "int8-onnx-model"
                    yield task, {"values": {"loyalty": {"value": 0.5}}, "seconds": 1.0}

        yield Noting()

    found = search_recipe(file, ws, noting)
    assert [task["stages"][0]["kind"] for task in tasks] == ["cells", "cells"]
    assert all(one.costs["params"] <= 80_000 for one in found.course.students)


def test_a_recipe_without_the_section_is_refused(smoke, ws):
    with pytest.raises(InputError, match="has no section `search`"):
        search_recipe(smoke(), ws, here)


def test_more_rows_than_there_are_cannot_be_attacked(read, ws):
    file = read(OBJECTIVES="[robustness]")
    attack = file.recipe.search.attack.model_copy(update={"rows": 101})
    search = file.recipe.search.model_copy(update={"attack": attack})
    file = replace(file, recipe=file.recipe.model_copy(update={"search": search}))
    with pytest.raises(InputError, match="rows: asks for 101, data.validation has 100"):
        search_recipe(file, ws, here)


@pytest.mark.slow
def test_worker_processes_train_attack_and_time_as_the_command_line_asks(read, ws, place, capfd):
    words = cache_folder()
    if not any((words / "resources").glob("nltk-data-*")):
        pytest.skip("the word lists are not in the user's cache")
    ws = replace(ws, resources=Resources(words, ws.progress))
    file = read(OBJECTIVES="[robustness, loyalty, latency_ms]", ELITES="1", EVALUATIONS="4")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGECOMPRESS_CACHE", str(words))
        arguments = ["search", str(file.document.path), "--workers", "2", "--json"]
        with pytest.raises(SystemExit) as ended:
            main.main([*arguments, "--store", str(ws.store.root)])
    assert ended.value.code == 0
    assert '"robustness"' in capfd.readouterr().out
    assert search_recipe(file, ws, local).course.evaluations.new == 0


def test_students_learn_against_the_adversary_that_the_search_names(read, ws):
    file = read(ELITES="0\n  adversarial_radii: [0.3]\n  bounds: {latency_ms: 50}")
    found = search_recipe(file, ws, here)
    for one in found.course.students:
        trained = found.alone(one).stages
        radii = [s.adversarial_radius for s in trained if hasattr(s, "adversarial_radius")]
        assert radii == [0.3]
    rows = search_document(told(found, ws))["students"]
    assert [row["choices"]["adversarial radius"] for row in rows] == [0.3] * len(rows)
