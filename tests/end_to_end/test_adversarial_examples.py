"""A recipe whose student learns what fooled its teacher, from the plan to the last stage."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgecompress.core.progress import Silent
from edgecompress.data.resources import Resources
from edgecompress.recipe.reading import read_recipe
from edgecompress.store.store import Store
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.run import Run, make_all, start
from edgecompress.workflow.workspace import Workspace
from tests.attacks.small_words import write_word_lists

FINDING = "  - {kind: adversarial-examples, rows: 40, most_words: 0.2}\n  - kind: distill\n"


class WithWords(Resources):
    """All resources, and few word lists in the place of the real ones."""

    def folder(self, name: str) -> Path:
        if name != "nltk-data":
            return super().folder(name)
        words = self.cache / "words"
        return words if words.exists() else write_word_lists(words)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(
        Store(tmp_path / "store", Silent()), WithWords(tmp_path / "cache", Silent()), Silent()
    )


@pytest.fixture
def run(repository: Path, tmp_path: Path, ws: Workspace) -> Run:
    """The smoke recipe, its student taught against adversaries, made up to the student."""
    text = (repository / "recipes/smoke.yaml").read_text()
    text = text.replace("  - kind: distill\n", FINDING + "    adversarial_examples: true\n")
    (tmp_path / "recipe.yaml").write_text(text)
    done = start(read_recipe(tmp_path / "recipe.yaml"), ws)
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
