"""What rows can certify, against the intervals that will be used."""

import math

import pytest

from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.core.power import Difference, Mean, Share, Statistic, simultaneous


@pytest.mark.parametrize("rows", [1, 30, 200, 5000])
def test_the_least_margin_of_a_share_is_that_of_a_perfect_score(rows):
    assert 1 - Share().least_margin(rows) == pytest.approx(wilson(rows, rows)[0])


@pytest.mark.parametrize("rows", [1, 30, 200, 5000])
def test_the_least_margin_of_a_drop_is_that_of_no_difference(rows):
    assert Difference().least_margin(rows) == pytest.approx(paired_drop(0, 0, rows)[1], abs=1e-6)


def test_rows_for_a_perfect_share_are_just_enough():
    rows = Share().rows_for(0.05)
    assert wilson(rows, rows)[0] >= 0.95 > wilson(rows - 1, rows - 1)[0]


def test_2000_rows_with_9_percent_differing_certify_about_2_points():
    # 2.80 * sqrt(0.09 / 2000) = 0.0188, and a little for the score's variance at the margin
    assert Difference().likely_margin(2000) == pytest.approx(0.0190, abs=2e-4)


def test_rows_of_a_drop_follow_tangos_variance():
    # lost = won = 0.045 and a true difference of 0.02 give, by the restricted likelihood,
    # q = 0.035575, so (1.95996 * sqrt(2 q + 0.0196) + 0.84162 * sqrt(0.09))**2 / 0.02**2 = 1813.3
    assert Difference(disagreement=0.09).rows_for(0.02) == 1814


@pytest.mark.parametrize(
    "statistic",
    [Difference(), Difference(disagreement=0.03), Share(usual=0.09), Mean(usual=0.1, spread=0.2)],
)
@pytest.mark.parametrize("rows", [200, 2000, 20_000])
def test_the_likely_margin_is_the_one_that_these_rows_are_enough_for(statistic, rows):
    margin = statistic.likely_margin(rows)
    assert statistic.rows_for(margin + 1e-6) <= rows < statistic.rows_for(margin * 0.99)


def test_a_share_that_is_better_than_usual_only_needs_the_rows_of_a_perfect_one():
    assert Share(usual=0.09).rows_for(0.05) == Share().rows_for(0.05)


def test_a_mean_needs_the_square_of_its_spread():
    # (1.95996 + 0.84162)**2 * 0.1**2 / 0.01**2 = 784.9
    assert Mean(usual=0.1, spread=0.1).rows_for(0.11) == 785


def test_no_number_of_rows_certifies_no_margin():
    assert Difference().rows_for(0.0) is None


def test_without_anything_usual_nothing_is_likely():
    assert Statistic().likely_margin(1000) is None


def test_intervals_that_hold_at_once_are_each_surer():
    assert simultaneous(5) == pytest.approx(0.99)


def test_more_intervals_at_once_need_more_rows():
    needed = [Difference().rows_for(0.02, simultaneous(k)) for k in (1, 4, 16)]
    assert needed == sorted(needed)
    assert not math.isclose(needed[0], needed[-1], rel_tol=0.3)
