import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from edgecompress.core.loyalty import probability_loyalty


def test_opposite_certainties_reach_the_floor():
    # JS of two disjoint distributions is ln 2, so the floor is 1 - sqrt(ln 2) = 0.16745
    sure = np.array([[50.0, 0.0]], np.float32)
    assert probability_loyalty(sure, sure[:, ::-1])[0] == pytest.approx(
        1 - math.sqrt(math.log(2)), abs=1e-6
    )


def test_probability_loyalty_by_hand():
    # P = (0.9, 0.1), Q = (0.6, 0.4), M = (0.75, 0.25); JS in nats = 0.063162 (by pocket calculator
    # and equal to scipy.spatial.distance.jensenshannon(P, Q)**2)
    p, q = (np.log([[a, 1 - a]]).astype(np.float32) for a in (0.9, 0.6))
    expected = 1 - jensenshannon([0.9, 0.1], [0.6, 0.4])
    assert probability_loyalty(p, q)[0] == pytest.approx(expected, abs=1e-6)


def test_an_answer_that_is_not_a_number_is_not_loyal():
    nan = np.full((1, 2), np.nan, np.float32)
    assert probability_loyalty(nan, nan)[0] == 0.0
