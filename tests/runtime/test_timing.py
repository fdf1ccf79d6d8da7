import time

import pytest

from edgecompress.runtime.timing import percentile, time_call


def test_sleep_takes_wall_time_but_no_cpu_time() -> None:
    taken = time_call(lambda: time.sleep(0.02))
    assert taken.wall_s >= 0.02
    assert taken.thread_cpu_s < 0.01


def test_work_takes_both() -> None:
    taken = time_call(lambda: sum(range(200_000)))
    assert 0 < taken.thread_cpu_s <= taken.wall_s + 0.005


@pytest.mark.parametrize(("share", "value"), [(0.5, 3.0), (0.95, 5.0), (0.2, 1.0), (1.0, 5.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], share) == value
