"""Mistakes and declarations of the stage `adversarial-examples` and of those that learn of it."""

import pytest

from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.learning import Distill, Theseus
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.of_stages import student_mistakes

STAGE = AdversarialExamples(kind="adversarial-examples")


@pytest.mark.parametrize("student", [Distill(kind="distill"), Theseus(kind="theseus", modules=2)])
def test_a_student_reads_what_was_found_only_where_it_is_asked_to(student):
    assert student.uses() == ()
    assert student.model_copy(update={"adversarial_examples": True}).uses() == (STAGE.gives,)


def test_a_student_that_does_not_ask_has_the_key_that_it_had():
    assert "adversarial_examples" in Distill(kind="distill").idle()
    assert "adversarial_examples" not in Distill(kind="distill", adversarial_examples=True).idle()


@pytest.mark.parametrize("part", ["hidden", "attention", "relations"])
def test_states_cannot_be_matched_on_other_tokens(part):
    student = Distill(kind="distill", adversarial_examples=True, objective=Objective(**{part: 1.0}))
    (mistake,) = student_mistakes(1, student, {"train"})
    assert mistake.path == ("stages", 1, "objective", part)
    assert mistake.message.endswith("other tokens than what the teacher read; set 0")


def test_minilm_is_fetched_only_for_who_asks_it():
    assert STAGE.origins() == {"words": "resource:nltk-data"}
    asking = STAGE.model_copy(update={"recipes": ("pwws", "textbugger")})
    assert asking.origins()["encoder"] == "resource:minilm-l6"
