"""The temperature that was applied is found again, and the interval says how well."""

import numpy as np
import pytest
from scipy.special import softmax

from edgecompress.core.temperature import best_temperature, temperature_interval

TWO = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)


def _drawn(rows: int, temperature: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are this much too large, and the truth, 1 at the label."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (rows, 3))
    chosen = rng.random((rows, 1)) > softmax(logits, axis=1).cumsum(axis=1)
    return (logits * temperature).astype(np.float32), np.eye(3)[chosen.sum(axis=1)]


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_temperature_that_was_applied_is_found(temperature):
    assert best_temperature(*_drawn(4000, temperature, seed=3)) == pytest.approx(
        temperature, rel=0.08
    )


def test_the_interval_holds_the_truth_as_often_as_it_says():
    # 89 or fewer of 100 at a true 95 %: a probability of 1 %
    intervals = [temperature_interval(*_drawn(300, 2.0, seed)) for seed in range(100)]
    assert sum(low <= 2.0 <= high for low, high in intervals) >= 90


def test_the_interval_lies_around_the_best():
    drawn = _drawn(300, 1.0, seed=1)
    low, high = temperature_interval(*drawn)
    assert low < best_temperature(*drawn) < high


@pytest.mark.parametrize(("right", "end"), [([0, 1], 1 / 20), ([1, 0], 20)])
def test_rows_that_are_all_right_or_all_wrong_ask_for_the_end_of_the_scale(right, end):
    wanted = np.eye(2)[right]
    assert best_temperature(TWO, wanted) == pytest.approx(end, rel=0.01)
    assert pytest.approx(end, rel=0.01) in temperature_interval(TWO, wanted)
