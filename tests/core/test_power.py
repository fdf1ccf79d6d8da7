"""What rows can certify, against the intervals that will be used."""

import pytest

from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.core.power import (
    best_wilson_low,
    certifiable_drop,
    certifiable_share,
    rows_for_drop,
    rows_for_perfect_share,
)


def test_the_best_bound_is_that_of_a_perfect_score():
    assert best_wilson_low(30) == pytest.approx(wilson(30, 30)[0])


def test_the_best_drop_is_that_of_no_difference():
    assert 1 - best_wilson_low(200) == pytest.approx(paired_drop(0, 0, 200)[1], abs=1e-6)


def test_2000_rows_with_9_percent_differing_certify_about_2_points():
    # 2.80 * sqrt(0.09 / 2000) = 0.0188
    assert certifiable_drop(2000) == pytest.approx(0.0188, abs=2e-4)


def test_rows_for_a_drop_are_just_enough():
    rows = rows_for_drop(0.02)
    assert certifiable_drop(rows) <= 0.02 < certifiable_drop(rows - 1)


def test_rows_for_a_share_are_just_enough():
    rows = rows_for_perfect_share(0.95)
    assert best_wilson_low(rows) >= 0.95 > best_wilson_low(rows - 1)


def test_more_rows_certify_a_higher_share():
    assert certifiable_share(4000, 0.91) > certifiable_share(1000, 0.91)
