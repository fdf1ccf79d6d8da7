"""Ten thousand releases of made-up students: who passes a gate, and who should have."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecompress.core.gate import Limit, Outcome, judge
from edgecompress.core.intervals import Interval, paired_drop, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.power import USUAL_DISAGREEMENT, Difference, Share, simultaneous

RELEASES = 10_000


def outcomes(
    draws: NDArray[np.int64], interval: Callable[..., Interval], limit: Limit
) -> dict[Outcome, float]:
    """Share of the releases with each outcome; each table of counts is judged once."""
    tables, times = np.unique(draws, axis=0, return_counts=True)
    found = dict.fromkeys(Outcome, 0.0)
    for table, many in zip(tables, times, strict=True):
        low, high = interval(*map(int, table))
        middle = (low + high) / 2
        measured = Measurement("share", middle, low, high, "fraction", 10**6, "simulated")
        found[judge(measured, limit)] += many / len(draws)
    return found


def drops(n: int, drop: float, margin: float, disagreement: float = USUAL_DISAGREEMENT):
    """Outcomes of `max_drop: margin` for students whose true drop is `drop`."""
    rng = np.random.default_rng(1)
    lost, won = (disagreement + drop) / 2, (disagreement - drop) / 2
    draws = rng.multinomial(n, [lost, won, 1 - disagreement], size=RELEASES)[:, :2]
    return outcomes(draws, lambda b, c: paired_drop(b, c, n), Limit(at_most=margin))


SIZES = [(600, 0.03, 0.09), (2000, 0.02, 0.09), (2000, 0.02, 0.03), (7600, 0.01, 0.05)]


@pytest.mark.parametrize(("n", "margin", "disagreement"), SIZES)
def test_of_students_as_bad_as_the_margin_at_most_5_percent_pass(n, margin, disagreement):
    # a two-sided 95 % interval lets 2.5 % of them pass; three standard errors are 0.5 points
    held = drops(n, margin, margin, disagreement)[Outcome.HOLDS]
    assert 0.015 < held < 0.031


@pytest.mark.parametrize(("n", "margin", "disagreement"), SIZES)
def test_of_students_as_bad_as_the_margin_few_are_refused_for_good(n, margin, disagreement):
    assert drops(n, margin, margin, disagreement)[Outcome.BROKEN] < 0.035


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.03, 0.06])
@pytest.mark.parametrize("disagreement", [0.03, 0.09, 0.2])
def test_of_students_without_a_drop_80_percent_pass_on_the_advised_rows(margin, disagreement):
    rows = Difference(disagreement=disagreement).rows_for(margin)
    held = drops(rows, 0.0, margin, disagreement)[Outcome.HOLDS]
    assert held >= 0.8 - 0.012  # three standard errors of 10,000 releases


def test_of_students_without_a_drop_hardly_any_is_refused_for_good():
    assert drops(2000, 0.0, 0.02)[Outcome.BROKEN] < 0.001


def test_a_gate_without_intervals_would_let_half_of_the_bad_ones_pass():
    # what these simulations would look like if the bare drop were compared with the margin
    rng = np.random.default_rng(1)
    lost, won, _ = rng.multinomial(2000, [0.055, 0.035, 0.91], size=RELEASES).T
    assert ((lost - won) / 2000 <= 0.02).mean() > 0.45


def loyal(n: int, loyalty: float, limit: float, among: int = 1):
    """Outcomes of `label_at_least: limit`, for one of `among` intervals that hold at once."""
    draws = np.random.default_rng(2).binomial(n, loyalty, (RELEASES, 1))
    confidence = simultaneous(among)
    return outcomes(draws, lambda k: wilson(k, n, confidence), Limit(at_least=limit))


@pytest.mark.parametrize("n", [600, 2000])
@pytest.mark.parametrize("limit", [0.85, 0.9, 0.98])
def test_of_students_as_disloyal_as_the_limit_at_most_5_percent_pass(n, limit):
    assert loyal(n, limit, limit)[Outcome.HOLDS] < 0.04


@pytest.mark.parametrize(("usual", "limit"), [(0.91, 0.85), (0.91, 0.89), (0.985, 0.95)])
def test_of_usual_students_80_percent_are_loyal_enough_on_the_advised_rows(usual, limit):
    rows = Share(usual=1 - usual).rows_for(1 - limit)
    assert loyal(rows, usual, limit)[Outcome.HOLDS] >= 0.8 - 0.012


def test_of_ten_slices_as_bad_as_the_limit_one_breaks_by_chance_in_few_releases():
    # Bonferroni: each breaks in 0.25 % of the releases at most, any of ten in 2.5 %
    broken = loyal(500, 0.85, 0.85, among=10)[Outcome.BROKEN]
    assert 1 - (1 - broken) ** 10 < 0.05
