"""A recipe whose student learns what fooled its teacher, from the plan to the last stage."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from edgecompress.attacks.crew import COMMAND
from edgecompress.core.progress import Silent
from edgecompress.recipe.reading import read_recipe
from edgecompress.store.store import Store
from edgecompress.workflow.candidates import Frame, as_json, with_student
from edgecompress.workflow.contestants import contestant
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.run import Run, make_all, start
from edgecompress.workflow.workspace import Workspace
from tests.attacks.small_words import SmallWords

WORKER = COMMAND[-1]  # by which its processes are known
FINDING = "  - {kind: adversarial-examples, rows: 40, most_words: 0.2}\n  - kind: distill\n"
SEARCH = "search: {student: 1, adversarial_examples: [false, true], attack: {rows: 6}}\n"


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(
        Store(tmp_path / "store", Silent()), SmallWords(tmp_path / "cache", Silent()), Silent()
    )


@pytest.fixture
def recipe(repository: Path, tmp_path: Path) -> Path:
    """The smoke recipe, its student taught against adversaries."""
    text = (repository / "recipes/smoke.yaml").read_text()
    text = text.replace("  - kind: distill\n", FINDING + "    adversarial_examples: true\n")
    (tmp_path / "recipe.yaml").write_text(text)
    return tmp_path / "recipe.yaml"


@pytest.fixture
def run(recipe: Path, ws: Workspace) -> Run:
    """Made up to the student."""
    done = start(read_recipe(recipe), ws)
    make_all(done, until="distill")
    return done


def test_the_student_learns_them_and_everything_is_found_again(run, ws):
    teacher, student = run.made
    found = run.aside["adversarial-examples"].facts["found"]
    epochs, batch, rows = 4, 32, 1200
    assert 0 < found < 40
    assert student.facts["steps"] == epochs * -(-(rows + found) // batch)
    states = [step.artifact is not None for step in plan_recipe(run.file, ws).steps]
    assert states == [True, True, True, False, False]
    assert student.parents == (teacher.digest,)


def test_another_seed_looks_for_others(run, ws):
    recipe = run.file.recipe.model_copy(update={"seed": 8})
    steps = plan_recipe(replace(run.file, recipe=recipe), ws).steps
    assert [step.artifact is not None for step in steps] == [False] * 5


def test_a_search_makes_students_with_and_without(recipe, ws):
    recipe.write_text(recipe.read_text() + SEARCH)
    frame = Frame.made(read_recipe(recipe), ws)
    own, counts, attackers = frame.run.file.recipe.stages[1], {}, []
    for learnt in (False, True):
        stages = as_json([own.model_copy(update={"epochs": 1, "adversarial_examples": learnt})])
        made = frame.student(stages, seed=0)
        assert made.kind == "int8-onnx-model"
        assert 0 <= frame.attacked(contestant(made, "candidate"))["robustness"]["value"] <= 1
        attackers.append([c.pid for c in psutil.Process().children() if WORKER in c.cmdline()])
        alone = with_student(frame.run.file.recipe, stages)
        counts[learnt] = [stage.kind for stage in alone.stages].count("adversarial-examples")
    assert counts == {False: 0, True: 1}  # nobody looks for what nobody learns
    assert attackers[0] == attackers[1] != []  # each takes seconds to start
