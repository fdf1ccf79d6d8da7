"""Test 8 leaves out seeds at which a student only guesses, on made-up answers."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.experiments.bench import Bench
from benchmarks.experiments.claims import Verdict
from benchmarks.experiments.theseus import against_fine_tuning

ROWS, SEEDS = 1_000, (1, 2, 3, 4)
TOLD = "seeds at which a student guesses"


class FakeLaboratory:
    """Every replaced student is right on 90 %; the others on these shares, seed by seed."""

    setting = SimpleNamespace(name="made-up", labels=("no", "yes"), epochs=1, max_length=8)

    def __init__(self, shares: tuple[float, ...]) -> None:
        self.shares = shares

    def arms(self, name, stages, seeds):
        shares = [0.9] * len(seeds) if name.startswith("theseus") else self.shares
        return [SimpleNamespace(model=share) for share in shares]

    def right(self, model):
        return (np.arange(ROWS) < model * ROWS).astype(np.float64)


def judged(*shares: float):
    (claim,) = against_fine_tuning(Bench(FakeLaboratory(shares), SEEDS))
    return claim


def test_a_seed_that_guesses_is_left_out_and_told():
    claim = judged(0.8, 0.5, 0.8, 0.8)
    assert (claim.seeds, claim.detail[TOLD]) == (3, [2])
    assert claim.value == pytest.approx(0.1)  # 0.9 - 0.8; with the seed it would be 0.175
    assert claim.verdict is Verdict.REPRODUCED


def test_with_two_seeds_left_all_are_shown_and_nothing_is_decided():
    claim = judged(0.8, 0.5, 0.5, 0.8)
    assert (claim.seeds, claim.detail[TOLD]) == (4, [2, 3])
    assert claim.refused == "a student guesses at 2 of 4 seeds"
    assert claim.verdict is Verdict.UNDECIDED


def test_nothing_is_told_where_all_students_learn():
    claim = judged(0.8, 0.8, 0.8, 0.8)
    assert TOLD not in claim.detail
    assert claim.seeds == len(SEEDS)
