"""Intervals, against closed forms, published values and simulated coverage."""

import numpy as np
import pytest

from edgecompress.core.intervals import (
    block_bootstrap,
    bootstrap,
    bootstrap_mean,
    mcnemar,
    newcombe,
    newcombe_paired,
    paired_drop,
    quantile_bounds,
    wilson,
)

Z2 = 1.959963984540054**2


def test_perfect_agreement_on_few_texts_is_not_certainty():
    # 20 of 20: exact Wilson lower bound n / (n + z²) = 20 / 23.8415 = 0.83887
    assert wilson(20, 20)[0] == pytest.approx(0.83887, abs=1e-5)


def test_wilson_agrees_with_published_values():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81/263 -> 0.2553 to 0.3662
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_no_discordant_pair_still_leaves_doubt():
    # Tango's interval for b = c = 0 is -+ z² / (n + z²)
    assert paired_drop(0, 0, 30) == pytest.approx((-Z2 / (30 + Z2), Z2 / (30 + Z2)), abs=1e-6)


def test_the_paired_interval_is_antisymmetric():
    low, high = paired_drop(12, 5, 200)
    assert paired_drop(5, 12, 200) == pytest.approx((-high, -low), abs=1e-9)


def test_losing_every_row_ends_at_one():
    low, high = paired_drop(30, 0, 30)
    assert (high, low < 1) == (1.0, True)


def test_newcombe_agrees_with_published_values():
    # Newcombe (1998), Statistics in Medicine 17, p. 873, table II (a), method 10: 56/70 - 48/80
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_paired_rows_without_correlation_are_two_sets_of_rows():
    # 40 of 80 and 20 of 80, and half of the 20 among the 40: the product of the margins
    both, first, second = 10, 30, 10
    assert newcombe_paired(both, first, second, 80) == pytest.approx(newcombe((40, 80), (20, 80)))


def test_rows_that_are_hits_of_both_narrow_the_paired_interval():
    low, high = newcombe_paired(20, 20, 0, 80)
    alone = newcombe((40, 80), (20, 80))
    assert alone[0] < low < 0.25 < high < alone[1]


def test_mcnemar_is_a_fair_coin_counted_out():
    # 2 * P(X <= 2), X ~ Binomial(10, 1/2): 2 * (1 + 10 + 45) / 1024 = 0.109375
    assert mcnemar(2, 8) == mcnemar(8, 2) == pytest.approx(0.109375)


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (5, 5)])
def test_nothing_speaks_against_equals(lost, won):
    assert mcnemar(lost, won) == 1.0


def test_the_bootstrap_mean_has_the_width_of_its_standard_error():
    values = np.random.default_rng(2).normal(size=400)
    low, high = bootstrap_mean(values, seed=7)
    # two-sided 95 %: 2 * 1.96 * s / sqrt(n); resampling noise of 10,000 draws is about 1 %
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.04)


def test_the_same_seed_gives_the_same_bootstrap():
    values = np.random.default_rng(3).normal(size=50)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)


def test_bca_moves_with_the_skewness():
    values = np.random.default_rng(8).exponential(size=200)
    rows = lambda at: values[at].mean(axis=-1)  # noqa: E731
    plain, bca = (bootstrap(200, rows, 1, method) for method in ("percentile", "BCa"))
    assert bca[0] > plain[0]
    assert bca[1] > plain[1]


def test_what_belongs_to_a_row_stays_with_it():
    # two columns that differ by one everywhere: resampled together, the difference has no spread
    values = np.random.default_rng(9).normal(size=(50, 1)) + np.arange(2)
    rows = lambda at: values[at, 1].mean(axis=-1) - values[at, 0].mean(axis=-1)  # noqa: E731
    assert bootstrap(50, rows, 1) == pytest.approx((1, 1))


def test_one_row_has_no_spread():
    assert bootstrap_mean(np.array([0.3]), seed=1) == (0.3, 0.3)


def test_rows_that_are_all_alike_have_no_spread():
    assert bootstrap_mean(np.ones(50), seed=1) == (1.0, 1.0)


def test_rows_that_are_all_alike_do_not_vouch_for_those_unseen():
    # 20 of 20 by Wilson: 20 / 23.8415
    assert bootstrap_mean(np.ones(20), seed=1, worst=0.0)[0] == pytest.approx(0.83887, abs=1e-5)


def test_the_worst_that_can_be_is_nothing_to_rows_that_vary():
    values = np.random.default_rng(10).random(400)
    assert bootstrap_mean(values, seed=1, worst=0.0) == bootstrap_mean(values, seed=1)


def test_values_after_the_last_whole_block_only_count_in_the_value():
    values = np.r_[np.zeros(20), 100.0]
    low, high = block_bootstrap(values, lambda rows: rows.max(axis=1), 7, 10)
    assert (low < 0, high) == (True, 100.0)


def test_blocks_widen_the_interval_of_a_drifting_series():
    rng = np.random.default_rng(4)
    steady = rng.normal(size=300)
    drifting = np.repeat(rng.normal(size=30), 10)
    means = [block_bootstrap(v, lambda rows: rows.mean(axis=1), 7, 10) for v in (steady, drifting)]
    assert means[1][1] - means[1][0] > 1.5 * (means[0][1] - means[0][0])


def test_p95_needs_72_values_for_a_two_sided_interval():
    # upper order statistic exists once 1 - 0.95^n >= 0.975, i.e. n >= ln 0.025 / ln 0.95 = 71.9
    with pytest.raises(ValueError, match="71 values cannot bound"):
        quantile_bounds(np.arange(71.0), 0.95)
    assert quantile_bounds(np.arange(72.0), 0.95)[1] == 71.0
