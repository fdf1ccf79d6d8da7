"""Intervals, against closed forms, published values and simulated coverage."""

import numpy as np
import pytest

from edgecompress.core.intervals import (
    block_bootstrap,
    bootstrap_mean,
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


@pytest.mark.parametrize(("lost", "won"), [(0.06, 0.03), (0.01, 0.01), (0.10, 0.02)])
def test_the_paired_interval_covers_the_truth_as_often_as_it_says(lost, won):
    # 1,500 simulations at nominal 95 %: 3 standard errors are 1.7 points
    rng = np.random.default_rng(1)
    draws = rng.multinomial(300, [lost, won, 1 - lost - won], size=1500)
    hits = 0
    for b, c, _ in draws:
        low, high = paired_drop(int(b), int(c), 300)
        hits += low <= lost - won <= high
    assert hits / 1500 == pytest.approx(0.95, abs=0.017)


def test_the_bootstrap_mean_has_the_width_of_its_standard_error():
    values = np.random.default_rng(2).normal(size=400)
    low, high = bootstrap_mean(values, seed=7)
    # two-sided 95 %: 2 * 1.96 * s / sqrt(n); resampling noise of 10,000 draws is about 1 %
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.04)


def test_the_same_seed_gives_the_same_bootstrap():
    values = np.random.default_rng(3).normal(size=50)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)


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


def test_order_statistics_cover_the_median_as_often_as_they_say():
    rng = np.random.default_rng(5)
    hits = sum(
        low <= 0 <= high
        for low, high in (quantile_bounds(rng.normal(size=99), 0.5) for _ in range(2000))
    )
    assert hits / 2000 >= 0.94
