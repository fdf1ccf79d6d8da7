"""Calibration errors by hand, and intervals that hold the truth as often as they say."""

import math

import numpy as np
import pytest

from edgecompress.core.calibration import (
    Decided,
    brier,
    error_interval,
    expected_error,
    increase_interval,
    negative_log_likelihood,
    reliability,
)

NAN = np.array([[np.nan, 0.0]], np.float32)


def _logits(*probabilities: float) -> np.ndarray:
    """Of two classes; the second has these probabilities."""
    p = np.array(probabilities)
    return np.log(np.stack([1 - p, p], axis=1)).astype(np.float32)


def _sure(confidence: float, right: int, rows: int) -> Decided:
    return Decided(np.full(rows, confidence), np.arange(rows) < right)


def _drawn(rows: int, too_sure: float, seed: int) -> Decided:
    """Confidences between 1/2 and 1 that overstate accuracy by `too_sure`."""
    rng = np.random.default_rng(seed)
    confidence = 0.5 + 0.5 * rng.beta(3, 1, size=rows)
    return Decided(confidence, rng.random(rows) < confidence - too_sure)


def test_nine_of_ten_right_at_ninety_percent_is_no_error():
    assert expected_error(_sure(0.9, right=9, rows=10)) == pytest.approx(0.0)


def test_the_error_is_the_distance_of_confidence_from_accuracy():
    # 10 rows at 0.6, 8 right: off by 0.2; 10 rows at 0.9, 6 right: off by 0.3; the mean is 0.25
    low, high = _sure(0.6, 8, 10), _sure(0.9, 6, 10)
    both = Decided(np.append(low.confidence, high.confidence), np.append(low.right, high.right))
    assert expected_error(both) == pytest.approx(0.25)


def test_bins_hold_equally_many_rows():
    counts = [one["n"] for one in reliability(_drawn(1500, 0.0, seed=1))]
    assert len(counts) == 15
    assert set(counts) == {100}


def test_equally_sure_rows_share_a_bin():
    assert [one["n"] for one in reliability(_sure(1.0, 7, 10))] == [10]


def test_the_error_does_not_depend_on_the_order_of_rows():
    one = _drawn(300, 0.05, seed=1)
    turned = Decided(one.confidence[::-1], one.right[::-1])
    assert expected_error(turned) == pytest.approx(expected_error(one))


def test_an_answer_that_is_no_number_is_sure_and_wrong():
    decided = Decided.of(NAN, np.array([0]))
    assert (decided.confidence[0], decided.right[0]) == (1.0, False)


@pytest.mark.parametrize("too_sure", [0.0, 0.05, 0.1])
def test_the_interval_holds_the_truth(too_sure):
    # The truth is `too_sure` itself. Nominally 5 % miss; 60 draws with a true 5 % show more than 8
    # misses with a probability of 0.2 %.
    intervals = [error_interval(_drawn(400, too_sure, seed), seed) for seed in range(60)]
    missed = [not low <= too_sure <= high for low, high in intervals]
    assert sum(missed) <= 8


def test_a_few_rows_that_are_all_alike_are_still_in_doubt():
    _, high = error_interval(_sure(1.0, right=20, rows=20), seed=7)
    assert high == pytest.approx(3.8415 / 23.8415, abs=1e-4)  # z² / (n + z²)


def test_a_model_is_no_worse_calibrated_than_itself():
    ours = _drawn(400, 0.1, seed=1)
    low, high = increase_interval(ours, ours, seed=7)
    assert low < 0 < high


def test_an_increase_is_seen():
    rng = np.random.default_rng(1)
    teacher = _drawn(2000, 0.0, seed=1)
    ours = Decided(np.ones(2000), teacher.right & (rng.random(2000) < 0.99))
    low, _ = increase_interval(ours, teacher, seed=7)
    assert low > 0.05


def test_brier_by_hand():
    # (0.3² + 0.3²) for 0.7 on the truth; 2 · 0.8² for 0.2 on it
    found = brier(_logits(0.7, 0.2), np.array([1, 1]))
    assert found == pytest.approx([0.18, 1.28], abs=1e-6)


def test_brier_of_no_answer_is_the_worst_there_is():
    assert brier(NAN, np.array([0])).tolist() == [2.0]


def test_likelihood_by_hand():
    found = negative_log_likelihood(_logits(0.7), np.array([1]))
    assert found[0] == pytest.approx(-math.log(0.7), abs=1e-6)


def test_a_truth_held_impossible_counts_as_a_millionth_of_a_millionth():
    sure = np.array([[200.0, 0.0]], np.float32)
    found = negative_log_likelihood(np.concatenate([sure, NAN]), np.array([1, 0]))
    assert found == pytest.approx(-math.log(1e-12))
