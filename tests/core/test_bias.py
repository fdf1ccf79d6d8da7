"""Relative bias, against the figures of its paper, and the cases that it refuses."""

import numpy as np
import pytest

from edgecompress.core.bias import Accuracies, Hit, Refused, f_bias, relative_bias


def _hits(both: int, ours: int, theirs: int, none: int) -> Hit:
    """So many rows that both models, one of them, or none get right."""
    ways = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [both, ours, theirs, none], axis=0)
    return Hit(ways[:, 0] == 1, ways[:, 1] == 1)


DEV = _hits(800, 20, 60, 120)  # ours 0.82, the teacher 0.86
OOD = _hits(540, 20, 100, 340)  # ours 0.56, the teacher 0.64


@pytest.mark.parametrize(
    ("ours", "teacher", "expected"),
    [
        # Du et al. (2021), arXiv:2110.08419, table 1 at 40 %: MNLI and HANS, printed 1.204
        ((84.0, 54.7), (84.2, 59.8), 1.2037),
        # FEVER and both Symmetric sets of 712 rows, printed 1.051
        ((86.4, (57.2 + 64.0) / 2), (86.2, (58.9 + 64.5) / 2), 1.0506),
        # QQP and PAWS of 8,000 and 677 rows, printed 1.049; the plain mean of both gives 1.0433
        (
            (90.5, (8000 * 46.6 + 677 * 32.4) / 8677),
            (90.9, (8000 * 48.9 + 677 * 34.7) / 8677),
            1.0487,
        ),
    ],
)
def test_it_is_what_the_paper_prints(ours, teacher, expected):
    assert f_bias(Accuracies(*ours), Accuracies(*teacher)) == pytest.approx(expected, abs=5e-5)


def test_a_model_that_loses_more_than_its_teacher_is_above_one():
    # (0.82 - 0.56) / 0.82 = 0.31707; (0.86 - 0.64) / 0.86 = 0.25581; their ratio is 1.2395
    found = relative_bias(DEV, OOD, chance=0.5, seed=7)
    assert found.value == pytest.approx(1.2395, abs=5e-5)
    assert found.n == 1000


def test_the_interval_is_that_of_resampled_rows():
    found = relative_bias(DEV, OOD, chance=0.5, seed=7)
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(4000):
        dev, ood = rng.integers(1000, size=1000), rng.integers(1000, size=1000)
        ours = 1 - OOD.ours[ood].mean() / DEV.ours[dev].mean()
        ratios.append(ours / (1 - OOD.teacher[ood].mean() / DEV.teacher[dev].mean()))
    assert (found.low, found.high) == pytest.approx(np.quantile(ratios, [0.025, 0.975]), abs=0.02)


def test_more_rows_narrow_the_interval():
    few, many = (
        relative_bias(
            _hits(800 * k, 20 * k, 60 * k, 120 * k),
            _hits(540 * k, 20 * k, 100 * k, 340 * k),
            chance=0.5,
            seed=7,
        )
        for k in (1, 9)
    )
    assert (many.high - many.low) == pytest.approx((few.high - few.low) / 3, rel=0.1)


def test_a_teacher_that_loses_next_to_nothing_is_no_measure():
    ood = _hits(800, 10, 20, 170)  # the teacher 0.82 after 0.86
    found = relative_bias(DEV, ood, chance=0.5, seed=7)
    assert isinstance(found, Refused)
    assert "drops only from 0.860 to 0.820" in found.why


@pytest.mark.parametrize(
    ("ood", "who"),
    [
        (_hits(400, 60, 130, 410), "teacher's 0.530"),  # chance ± 2 sqrt(0.25 / 1000) = 0.0316
        (_hits(450, 20, 150, 380), "compressed model's 0.470"),
    ],
)
def test_a_model_that_guesses_has_no_shortcut(ood, who):
    found = relative_bias(DEV, ood, chance=0.5, seed=7)
    assert isinstance(found, Refused)
    assert who in found.why


def test_a_model_far_below_chance_is_led_astray_not_guessing():
    # (0.82 - 0.2) / 0.82 = 0.75610; (0.86 - 0.4) / 0.86 = 0.53488
    found = relative_bias(DEV, _hits(190, 10, 210, 590), chance=0.5, seed=7)
    assert found.value == pytest.approx(0.75610 / 0.53488, abs=1e-4)


def test_a_drop_that_may_be_none_gives_no_number():
    dev, ood = _hits(16, 0, 2, 2), _hits(13, 0, 3, 4)  # the teacher 0.9, then 0.8, on 20 rows
    found = relative_bias(dev, ood, chance=0.25, seed=7)
    assert isinstance(found, Refused)
    assert "not clear of zero on 20 and 20 rows" in found.why
