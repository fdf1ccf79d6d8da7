import numpy as np
import pytest
import scipy.special

from edgecompress.training.emphasis import row_weights, smoothed
from edgecompress.training.scores import Scores

LOGITS = np.array([[3.0, 0.0, -1.0], [0.0, 2.0, 0.5]], np.float32)
ZERO = np.zeros(2)


def scores(**values: list[float]) -> Scores:
    parts = {name: np.array(values.get(name, ZERO)) for name in ("d", "variance", "mean_loss")}
    return Scores(**parts, wrong=np.array(values.get("wrong", ZERO)))


def test_without_smoothing_the_teacher_is_taken_at_its_word():
    assert smoothed(LOGITS, None, None) is LOGITS
    assert np.array_equal(smoothed(LOGITS, 1.0, None), LOGITS)


def test_smoothing_is_a_power_of_the_probabilities_normalised_again():
    probabilities = scipy.special.softmax(LOGITS, axis=1)
    powers = probabilities ** np.array([[0.3], [0.8]])
    expected = powers / powers.sum(axis=1, keepdims=True)
    found = scipy.special.softmax(smoothed(LOGITS, "difficulty", scores(d=[0.3, 0.8])), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("d", "expected"), [(0.9, 0.971), (0.5, 0.875), (0.3, 0.763), (0.2, 0.685)]
)
def test_smoothing_softens_a_sure_teacher_as_far_as_calculated(d, expected):
    # p^d / (p^d + q^d) for p = 0.98, q = 0.02
    sure = np.log(np.array([[0.98, 0.02]], np.float32))
    assert scipy.special.softmax(smoothed(sure, d, None))[0, 0] == pytest.approx(expected, abs=5e-4)


def test_towards_0_all_classes_become_equally_likely():
    found = scipy.special.softmax(smoothed(LOGITS, 1e-6, None), axis=1)
    np.testing.assert_allclose(found, 1 / 3, atol=1e-5)


def test_the_control_smooths_all_texts_by_their_mean():
    found = smoothed(LOGITS, "mean-difficulty", scores(d=[0.3, 0.8]))
    np.testing.assert_allclose(found, LOGITS * 0.55, rtol=1e-6)


def test_texts_that_most_pruned_models_miss_count_double():
    found = row_weights("jtt", scores(wrong=[0.6, 0.4]))
    assert found is not None
    assert found.tolist() == [2.0, 1.0]


def test_other_texts_count_alike_or_by_the_students_answers():
    assert row_weights(None, None) is None
    assert row_weights("focal", None) is None
