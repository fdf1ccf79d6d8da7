"""Check `accuracy`."""

import numpy as np
import pytest

from edgecompress.checks import accuracy
from edgecompress.core.case import Case
from edgecompress.recipe.behaviour import Accuracy
from tests.fakes import Answers, case, contestant, texts

SETTINGS = Accuracy(check="accuracy", data="test")


def by_name(found):
    return {m.name: m for m in found}


def test_the_drop_is_teacher_minus_candidate():
    found = by_name(accuracy.measure(case([0, 0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]), SETTINGS))
    assert (found["accuracy"].value, found["accuracy_drop"].value) == (0.75, 0.25)


def test_the_drop_counts_rows_that_differ_in_being_right():
    found = by_name(accuracy.measure(case([1, 0, 0], [0, 1, 0], [0, 0, 0]), SETTINGS))
    note = "only the teacher is right on 1, only the candidate on 1"
    assert (found["accuracy_drop"].value, found["accuracy_drop"].note) == (0.0, note)


def test_a_negative_flip_is_a_row_that_only_the_teacher_gets_right():
    found = by_name(accuracy.measure(case([1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]), SETTINGS))
    assert found["negative_flip_rate"].value == 0.25


def test_the_worst_class_is_named():
    found = by_name(accuracy.measure(case([0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]), SETTINGS))
    worst = found["worst_class_recall"]
    assert (worst.value, worst.note, worst.n) == (0.5, "class 1", 2)


def test_an_answer_that_is_not_a_number_is_never_right():
    broken = Answers([0, 0])
    broken.scores[:] = np.nan
    here = Case(
        contestant("candidate", broken),
        contestant("teacher", Answers([0, 0])),
        {"test": texts([0, 0])},
        ("class 0", "class 1"),
        seed=7,
    )
    assert by_name(accuracy.measure(here, SETTINGS))["accuracy"].value == 0.0


def test_a_student_with_shuffled_labels_breaks_the_limit():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 600)
    found = by_name(accuracy.measure(case(rng.permutation(truth), truth, truth), SETTINGS))
    assert found["accuracy_drop"].low > 0.3


def test_the_interval_of_the_worst_of_many_classes_is_wider():
    truth = [0, 1] * 50
    two = by_name(accuracy.measure(case(truth, truth, truth), SETTINGS))["worst_class_recall"]
    five = by_name(accuracy.measure(case(truth * 2, truth * 2, [0, 1, 2, 3] * 50, 4), SETTINGS))
    assert two.low == pytest.approx(50 / (50 + 2.2414**2), abs=1e-4)  # z at 1 - 0.05 / 2
    assert "over 4 classes" in five["worst_class_recall"].method
