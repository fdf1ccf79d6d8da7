"""Each interval holds the truth about as often as it says: 93 to 97 of 100 times.

The conditions of each method stand beside it. Shares are counted exactly or drawn 10,000 times
(standard error 0.2 points); resampling is simulated less often, and more often in the slow tests.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from edgecompress.core.intervals import (
    Interval,
    block_bootstrap,
    bootstrap,
    bootstrap_mean,
    newcombe,
    newcombe_paired,
    paired_drop,
    wilson,
)

DRAWS = 10_000


def as_it_says(coverage: float) -> bool:
    return 0.93 <= coverage <= 0.97


def covered(draws: NDArray[np.int64], interval: Callable[..., Interval], truth: float) -> float:
    """Share of the drawn tables whose interval holds the truth; each table is worked out once."""
    tables, times = np.unique(draws, axis=0, return_counts=True)
    bounds = [interval(*map(int, table)) for table in tables]
    return float(np.average([low <= truth <= high for low, high in bounds], weights=times))


@pytest.mark.parametrize("n", [200, 600, 2000])
@pytest.mark.parametrize("share", [0.8, 0.91, 0.985])
def test_wilson_on_shares_with_a_few_hits_and_misses(n, share):
    hits = np.arange(n + 1)
    bounds = [wilson(int(k), n) for k in hits]
    holds = np.array([low <= share <= high for low, high in bounds])
    assert as_it_says(binom.pmf(hits, n, share)[holds].sum())


PAIRED = [(300, 0.06, 0.03), (600, 0.05, 0.05), (600, 0.02, 0.0), (2000, 0.045, 0.02)]


def tables(n, lost, won, right_of_both=0.8):
    """Counts of [both right, only the first, only the second]."""
    rng = np.random.default_rng(1)
    rest = 1 - right_of_both - lost - won
    return rng.multinomial(n, [right_of_both, lost, won, rest], size=DRAWS)[:, :3]


@pytest.mark.parametrize(("n", "lost", "won"), [*PAIRED, (300, 0.01, 0.01), (100, 0.06, 0.03)])
def test_tango_on_paired_rows_however_few_differ(n, lost, won):
    draws = tables(n, lost, won)[:, 1:]
    assert as_it_says(covered(draws, lambda b, c: paired_drop(b, c, n), lost - won))


@pytest.mark.parametrize(("n", "lost", "won"), PAIRED)
def test_newcombe_on_paired_rows_where_a_dozen_or_more_differ(n, lost, won):
    draws = tables(n, lost, won)
    assert as_it_says(covered(draws, lambda *t: newcombe_paired(*t, n), lost - won))


def test_newcombe_is_too_wide_where_few_paired_rows_differ():
    # the reason why the gate takes Tango's: six of 300 rows differ, 98.8 % are covered
    draws = tables(300, 0.01, 0.01)
    assert covered(draws, lambda *t: newcombe_paired(*t, 300), 0.0) > 0.97


@pytest.mark.parametrize(
    ("n", "p", "m", "q"), [(2000, 0.86, 800, 0.75), (300, 0.9, 300, 0.85), (200, 0.95, 50, 0.9)]
)
def test_newcombe_on_two_sets_of_rows(n, p, m, q):
    rng = np.random.default_rng(2)
    draws = np.stack([rng.binomial(n, p, DRAWS), rng.binomial(m, q, DRAWS)], axis=1)
    assert as_it_says(covered(draws, lambda a, b: newcombe((a, n), (b, m)), p - q))


@pytest.mark.parametrize(("n", "q"), [(99, 0.5), (300, 0.5), (300, 0.95), (72, 0.95)])
def test_order_statistics_by_their_own_arithmetic(n, q):
    # the number of values below the quantile is binomial; the bounds are ranks of `quantile_bounds`
    low, high = binom.ppf(0.025, n, q), binom.ppf(0.975, n, q) + 1
    assert as_it_says(binom.cdf(high - 1, n, q) - binom.cdf(low - 1, n, q))


def loyalties(rng, n):
    """Like probability loyalty: near 1 but for each tenth row, so skewed to the left."""
    near, far = rng.beta(18, 1.6, n), rng.beta(4, 6, n)
    return np.where(rng.random(n) < 0.1, far, near)


LOYALTY = 0.9 * 18 / 19.6 + 0.1 * 4 / 10  # its mean


def resampled(interval, simulations, n=200):
    """Shares of intervals that lie above the truth, and that lie below it."""
    rng = np.random.default_rng(3)
    bounds = [interval(loyalties(rng, n)) for _ in range(simulations)]
    return (
        sum(low > LOYALTY for low, _ in bounds) / simulations,
        sum(high < LOYALTY for _, high in bounds) / simulations,
    )


def mean_of(values):
    return lambda rows: values[rows].mean(axis=-1)


def test_bca_on_a_skewed_mean():
    above, below = resampled(lambda v: bootstrap_mean(v, 7, resamples=1000), 1000)
    assert as_it_says(1 - above - below)


@pytest.mark.slow
def test_percentiles_let_too_much_pass_where_bca_does_not():
    # nominal: 2.5 % on each side; what lies above the truth would certify too much loyalty
    simulations, n = 3000, 100
    plain = resampled(lambda v: bootstrap(n, mean_of(v), 7, "percentile", 1000), simulations, n)
    bca = resampled(lambda v: bootstrap(n, mean_of(v), 7, "BCa", 1000), simulations, n)
    assert as_it_says(1 - sum(plain))
    assert as_it_says(1 - sum(bca))
    assert plain[0] > 0.04
    assert bca[0] < 0.03


def test_percentiles_on_a_symmetric_statistic():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(1000):
        pairs = rng.normal(size=(200, 2))
        rows = lambda at, p=pairs: (p[at, 0] - p[at, 1]).mean(axis=-1)  # noqa: E731
        low, high = bootstrap(200, rows, 7, "percentile", 1000)
        hits += low <= 0 <= high
    assert as_it_says(hits / 1000)


def turns(rng, n, shared):
    """Timings in turns of ten that share a part of their noise."""
    return shared * np.repeat(rng.normal(size=n // 10), 10) + rng.normal(size=n)


def median(rows):
    return np.median(rows, axis=1)


@pytest.mark.parametrize(("n", "shared"), [(300, 0.7), (100, 0.0)])
def test_whole_turns_on_the_median_of_timings_that_share_noise_within_a_turn(n, shared):
    rng, simulations, hits = np.random.default_rng(5), 400, 0
    for seed in range(simulations):
        low, high = block_bootstrap(turns(rng, n, shared), median, seed, 10)
        hits += low <= 0 <= high
    assert as_it_says(hits / simulations)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("n", [100, 300])
def test_whole_turns_however_much_they_share(n, shared):
    rng, simulations, hits = np.random.default_rng(6), 1500, 0
    for seed in range(simulations):
        low, high = block_bootstrap(turns(rng, n, shared), median, seed, 10)
        hits += low <= 0 <= high
    assert as_it_says(hits / simulations)
