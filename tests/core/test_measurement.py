"""A number that cannot exist without its interval."""

import numpy as np
import pytest

from edgecompress.core.errors import MeasureError
from edgecompress.core.measurement import Measurement


def measured(value: float, low: float, high: float) -> Measurement:
    return Measurement("accuracy", value, low, high, "fraction", 100, "by hand")


@pytest.mark.parametrize("numbers", [(0.5, 0.6, 0.7), (0.5, 0.3, 0.4), (float("nan"), 0.0, 1.0)])
def test_an_interval_without_its_value_is_none(numbers):
    with pytest.raises(MeasureError, match="accuracy"):
        measured(*numbers)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_its_numbers_are_plain_ones_that_any_file_can_hold(kind):
    found = measured(kind(1), kind(0), kind(2))
    assert {type(found.value), type(found.low), type(found.high)} <= {int, float}
