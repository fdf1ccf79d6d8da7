"""Real attacks on the tiny teacher, and a student that learns what they found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgecompress.core.errors import DataError
from edgecompress.models.checkpoint import load_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.learning import Distill
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages import adversarial_examples, distill
from edgecompress.training.examples import Example, load_examples, save_examples
from edgecompress.training.teaching import Part, meet, prepare
from tests.attacks.small_words import write_word_lists
from tests.fakes import Listener

QUICK = AdversarialExamples(kind="adversarial-examples", rows=16, most_words=0.2)
STUDENT = Distill(
    kind="distill",
    layers=1,
    epochs=1,
    learning_rate=1e-3,
    max_length=48,
    precision="fp32",
    adversarial_examples=True,
)


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"words": write_word_lists(tmp_path_factory.mktemp("nltk"))}


def test_what_is_found_fools_the_model_on_rows_that_it_answers_rightly(
    teacher, small_context, shelf, words
):
    ctx = small_context(origins=words, keep=shelf)
    facts = adversarial_examples.run(teacher, QUICK, ctx)
    train = ctx.data["train"]
    found = load_examples(ctx.out, train)
    rows = [example.row for example in found]
    assert len(found) == facts["found"] == facts["attacks"]["deepwordbug-20%"]["succeeded"] > 0
    model = TorchPredictor(teacher.path)
    before = model.logits([train.texts[row] for row in rows]).argmax(1)
    after = model.logits([example.text for example in found]).argmax(1)
    np.testing.assert_array_equal(before, train.labels[rows])
    assert (after != before).all()


def test_a_second_run_finds_the_same_without_attacking(teacher, small_context, shelf, words):
    first, again = (small_context(origins=words, keep=shelf) for _ in range(2))
    adversarial_examples.run(teacher, QUICK, first)
    made = len(shelf.asked)
    adversarial_examples.run(teacher, QUICK, again)
    assert len(shelf.asked) == made
    assert load_examples(again.out, again.data["train"]) == load_examples(
        first.out, first.data["train"]
    )


def test_more_rows_than_train_has_are_refused(teacher, small_context, shelf, words):
    asked = QUICK.model_copy(update={"rows": 97})
    with pytest.raises(DataError, match="asks for 97 rows, train has 96"):
        adversarial_examples.run(teacher, asked, small_context(origins=words, keep=shelf))


def test_nothing_found_is_told(teacher, small_context, shelf, words):
    listener = Listener()
    asked = QUICK.model_copy(update={"rows": 2, "query_budget": 2})
    ctx = small_context(origins=words, keep=shelf, progress=listener)
    assert adversarial_examples.run(teacher, asked, ctx)["found"] == 0
    assert any("nothing fooled the model" in warning for warning in listener.warnings)


@pytest.fixture
def learning(teacher, small_context, new_artifact, tmp_path):
    """A context whose side artifact holds these examples."""

    def make(found: list[Example]):
        ctx = small_context(teacher=teacher)
        folder = tmp_path / f"examples-{len(found)}"
        folder.mkdir()
        save_examples(found, ctx.data["train"], folder)
        return replace(ctx, aside={"adversarial-examples": new_artifact(folder)})

    return make


def test_a_student_learns_them_beside_train(teacher, learning):
    found = [Example(row, "gOod goood", "deepwordbug") for row in range(64)]
    assert distill.run(teacher, STUDENT, learning([]))["steps"] == 3  # 96 rows, 32 at once
    assert distill.run(teacher, STUDENT, learning(found))["steps"] == 5


@pytest.mark.parametrize("wish", [{"logits": 1.0}, {"logits": 0.0, "labels": 1.0}])
def test_the_row_that_it_was_speaks_for_an_example(wish, teacher, own_student, learning):
    train = learning([]).data["train"]
    other = next(row for row in range(1, 96) if train.labels[row] != train.labels[0])
    ctx = learning([Example(0, train.texts[0], "none"), Example(other, train.texts[0], "none")])
    student, reads = load_model(own_student.path).eval(), TextEncoder(own_student.path, 48)
    part = Part("train", 1, STUDENT.objective.model_copy(update=wish))
    ready = prepare(meet(student, reads, teacher, ctx), part, STUDENT, ctx)
    as_it_is, same, of_another = (
        ready.loss(student, ready.rows.batch(np.array([row]))).item() for row in (0, 96, 97)
    )
    assert same == as_it_is
    assert of_another != as_it_is
