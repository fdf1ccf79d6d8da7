"""What went with an outcome, where what brought it about is known."""

import numpy as np
import pytest

from edgecompress.search.effects import FEWEST, difference_of_means, effects, spearman

RNG = np.random.default_rng(5)
N = 40


def students(n: int = N):
    """A choice worth 0.2, a number that helps without a straight line, and two that do nothing."""
    taken = RNG.permutation(np.arange(n) % 2).astype(float)
    size, idle = RNG.permutation(n).astype(float), RNG.permutation(n).astype(float)
    outcomes = 0.2 * taken + 0.3 * (size / n) ** 3 + 0.01 * RNG.standard_normal(n)
    choices = [
        {"taken": t, "size": s, "idle": i, "all took it": 1.0}
        for t, s, i in zip(taken, size, idle, strict=True)
    ]
    return choices, outcomes.tolist()


def test_a_choice_that_helps_is_told_with_its_size():
    found = {one.choice: one for one in effects(*students(), seed=7)}
    taken = found["taken"]
    assert (taken.kind, taken.having, taken.n) == ("difference", 20, 40)
    assert taken.decided
    assert taken.low < 0.2 < taken.high
    assert found["size"].kind == "correlation"
    assert found["size"].decided
    assert found["size"].value > 0


def test_a_choice_that_does_nothing_stays_undecided_and_comes_last():
    found = effects(*students(), seed=7)
    assert found[-1].choice == "idle"
    assert not found[-1].decided


def test_a_choice_that_all_made_is_left_out():
    assert "all took it" not in {one.choice for one in effects(*students(), seed=7)}


def test_of_few_students_nothing_is_said():
    assert effects(*students(FEWEST - 1), seed=7) == []


def test_the_same_students_give_the_same_intervals():
    told = students()
    assert effects(*told, seed=7) == effects(*told, seed=7)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    # 200 samples of two groups of 15 without a difference: 190 +- 6 of them hold zero; a percentile
    # bootstrap of so few is known to be a little too narrow
    held = 0
    for sample in range(200):
        rng = np.random.default_rng(sample)
        first, second = rng.standard_normal((2, 15)).tolist()
        _, low, high = difference_of_means(first, second, seed=1)
        held += low <= 0 <= high
    assert 175 <= held <= 200


def test_rho_is_that_of_ranks():
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    value, low, high = spearman(x, np.array([5.0, 6.0, 7.0, 8.0, 7.0]), seed=1)
    assert value == pytest.approx(0.8207826817)  # scipy's own example of spearmanr
    assert -1 <= low <= value <= high <= 1
