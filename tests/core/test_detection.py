"""Telling usual texts from others, and right answers from wrong ones, by hand and by reference."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from edgecompress.core.detection import (
    coverage_curve,
    negative_energy,
    separation,
    surest,
    surety,
)

NAN = np.array([[np.nan, 0.0]], np.float32)


def _scores(*values: float) -> np.ndarray:
    return np.array(values)


def test_sets_that_do_not_overlap_are_told_apart():
    found = separation(_scores(3, 4, 5), _scores(1, 2), seed=7)
    assert (found.auroc.value, found.false_positives.value) == (1.0, 0.0)


def test_equal_scores_are_chance():
    found = separation(_scores(1, 1), _scores(1, 1, 1), seed=7)
    assert (found.auroc.value, found.false_positives.value) == (0.5, 1.0)


def test_auroc_is_that_of_mann_and_whitney():
    rng = np.random.default_rng(1)
    usual, others = rng.integers(0, 9, 40) + 1.0, rng.integers(0, 9, 30) + 0.0
    expected = mannwhitneyu(usual, others).statistic / (40 * 30)
    assert separation(usual, others, seed=7).auroc.value == pytest.approx(expected)


def test_the_threshold_keeps_95_percent_of_the_usual():
    # 19 of 20 usual scores are 5 or more; of the others 6 and 5 are, 4 and 1 are not
    usual = np.append(np.full(19, 5.0), 0.0)
    assert separation(usual, _scores(6, 5, 4, 1), seed=7).false_positives.value == 0.5


def test_the_interval_narrows_with_rows():
    rng = np.random.default_rng(1)
    widths = []
    for rows in (100, 1600):
        usual, others = rng.normal(1, 1, rows), rng.normal(0, 1, rows)
        low, high = separation(usual, others, seed=7).auroc.interval
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.3)


def test_the_interval_holds_what_is_true():
    # two normals one standard deviation apart: AUROC = Phi(1 / sqrt(2)) = 0.76025
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        usual, others = rng.normal(1, 1, 200), rng.normal(0, 1, 200)
        low, high = separation(usual, others, seed).auroc.interval
        held += low <= 0.76025 <= high
    assert held >= 16  # 15 or fewer of 20 at 95 %: a probability of 0.3 %


def test_no_answer_is_the_least_sure():
    logits = np.concatenate([NAN, np.zeros((1, 2), np.float32)])
    assert surety(logits).tolist() == [0.0, 0.5]


def test_energy_sees_the_size_that_probabilities_forget():
    logits = np.array([[1.0, 0.0], [9.0, 8.0]], np.float32)
    assert surety(logits)[0] == pytest.approx(surety(logits)[1])
    assert negative_energy(logits)[1] - negative_energy(logits)[0] == pytest.approx(8.0)


def test_no_answer_has_no_energy():
    assert negative_energy(NAN).tolist() == [-np.inf]


def test_leaving_out_the_least_sure():
    right = np.array([True, True, False, False])
    found = coverage_curve(_scores(0.9, 0.8, 0.7, 0.6), right)
    assert found == [(1.0, 0.5), (0.75, pytest.approx(2 / 3)), (0.5, 1.0), (0.25, 1.0)]


def test_equally_sure_rows_are_answered_together():
    right = np.array([True, False, True])
    assert coverage_curve(_scores(0.9, 0.9, 0.9), right) == [(1.0, pytest.approx(2 / 3))]


def test_a_curve_has_at_most_fifty_points():
    assert len(coverage_curve(np.arange(1000.0), np.ones(1000, bool))) == 50


def test_the_surest_rows():
    assert surest(_scores(0.1, 0.9, 0.5, 0.7, 0.2), 0.5).tolist() == [1, 2, 3]
