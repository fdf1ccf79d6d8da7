"""Check `accuracy`."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import accuracy
from edgecompress.core.case import Case
from edgecompress.core.exhibit import exhibits_of, measurements_of
from edgecompress.core.gate import Outcome, judge
from edgecompress.recipe.behaviour import Accuracy
from tests.fakes import Answers, case, contestant, texts

SETTINGS = Accuracy(check="accuracy", data="test")


def by_name(found):
    return {m.name: m for m in measurements_of(found)}


def shown(found, kind):
    (one,) = [exhibit for exhibit in exhibits_of(found) if exhibit.kind == kind]
    return one


def test_the_drop_is_teacher_minus_candidate():
    found = by_name(accuracy.measure(case([0, 0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]), SETTINGS))
    assert (found["accuracy"].value, found["accuracy_drop"].value) == (0.75, 0.25)


def test_the_drop_counts_rows_that_differ_in_being_right():
    found = by_name(accuracy.measure(case([1, 0, 0], [0, 1, 0], [0, 0, 0]), SETTINGS))
    note = "only the teacher is right on 1, only the candidate on 1; exact McNemar p = 1"
    assert (found["accuracy_drop"].value, found["accuracy_drop"].note) == (0.0, note)


def test_a_negative_flip_is_a_row_that_only_the_teacher_gets_right():
    found = by_name(accuracy.measure(case([1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]), SETTINGS))
    assert found["negative_flip_rate"].value == 0.25


def test_a_positive_flip_is_a_row_that_only_the_candidate_gets_right():
    found = by_name(accuracy.measure(case([0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]), SETTINGS))
    assert found["positive_flip_rate"].value == 0.5


def test_flips_add_up_to_the_drop():
    rng = np.random.default_rng(0)
    here = case(*rng.integers(0, 3, size=(3, 200)), 3)
    found = {name: m.value for name, m in by_name(accuracy.measure(here, SETTINGS)).items()}
    drop = found["negative_flip_rate"] - found["positive_flip_rate"]
    assert found["accuracy_drop"] == pytest.approx(drop)


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


def test_a_class_of_29_rows_is_undecided_however_well_it_is_answered():
    # 29 of 29 at 1 - 0.05 / 2 has the lower bound 29 / (29 + 2.2414**2) = 0.852, above the limit
    truth = [0] * 200 + [1] * 29
    settings = SETTINGS.model_copy(update={"worst_class_recall_at_least": 0.8})
    worst = by_name(accuracy.measure(case(truth, truth, truth), settings))["worst_class_recall"]
    assert worst.low > 0.8
    assert judge(worst, settings.limits()["worst_class_recall"]) is Outcome.UNDECIDED


def test_a_class_without_a_row_is_not_known_to_be_found():
    truth = [0, 1] * 100
    worst = by_name(accuracy.measure(case(truth, truth, truth, 3), SETTINGS))["worst_class_recall"]
    assert (worst.n, "over 2 classes" in worst.method) == (0, True)


def test_confusions_count_decisions_by_truth():
    found = accuracy.measure(case([0, 1, 2, 2], [0, 1, 1, 2], [0, 1, 1, 0], 3), SETTINGS)
    content = shown(found, "confusion").content
    assert content["labels"] == ["class 0", "class 1", "class 2"]
    assert content["ours"] == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
    assert content["teacher"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]


def test_a_matrix_that_nobody_could_read_is_not_shown():
    truth = list(range(31))
    found = accuracy.measure(case(truth, truth, truth, 31), SETTINGS)
    assert exhibits_of(found) == ()


def test_texts_that_only_the_teacher_gets_right_are_shown_the_surest_first():
    truth = [0] * 20
    here = case([1] * 12 + [0] * 8, [0] * 19 + [1], truth)
    here.candidate.predictor.scores[5] *= 2
    flips = shown(accuracy.measure(here, SETTINGS), "texts")
    assert "the 8 of 12 texts" in flips.title
    assert [row["text"] for row in flips.content["rows"]] == list("50123467")
    assert flips.content["rows"][0] == {
        "origin": "made-up:5",
        "text": "5",
        "label": "class 0",
        "teacher": "class 0",
        "ours": "class 1",
    }


def test_a_candidate_that_loses_nothing_has_no_flips_to_show():
    found = accuracy.measure(case([0, 1], [0, 1], [0, 1]), SETTINGS)
    assert [one.kind for one in exhibits_of(found)] == ["confusion"]


def test_pairs_are_shown_as_one_text():
    here = case([1], [0], [0])
    rows = here.data["test"]
    here.data = {"test": replace(rows, texts=(("a", "b"),))}
    here.known = {(here.candidate.digest, "test"): np.eye(2, dtype=np.float32)[[1]]}
    here.known |= {(here.teacher.digest, "test"): np.eye(2, dtype=np.float32)[[0]]}
    (row,) = shown(accuracy.measure(here, SETTINGS), "texts").content["rows"]
    assert row["text"] == "a ⏵ b"


def test_a_group_of_roles_is_measured_one_by_one():
    here = case([0, 1], [0, 1], [0, 1])
    here.data = {"ood/a": texts([0, 1], "ood/a"), "ood/b": texts([1, 1], "ood/b")}
    found = measurements_of(accuracy.measure(here, Accuracy(check="accuracy", data="ood")))
    right = {m.data: m.value for m in found if m.name == "accuracy"}
    assert right == {"ood/a": 1.0, "ood/b": 0.5}
