import pytest

from edgecompress.training.schedules import rate_factor


def test_climbs_then_falls_in_straight_lines():
    factors = [rate_factor(step, 10, 0.2) for step in range(10)]
    # two steps of warm-up to 1/3 and 2/3, then eight steps from 8/8 down to 1/8
    assert factors == pytest.approx([1 / 3, 2 / 3, *(k / 8 for k in range(8, 0, -1))])


def test_without_warm_up_it_begins_at_the_full_rate():
    assert rate_factor(0, 5, 0.0) == 1.0


@pytest.mark.parametrize(("steps", "ratio"), [(1, 0.0), (1, 0.99), (7, 0.99), (3, 0.5)])
def test_no_step_is_idle(steps, ratio):
    assert all(0 < rate_factor(step, steps, ratio) <= 1 for step in range(steps))
