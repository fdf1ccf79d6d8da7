"""Ranges and channels of what flows through a graph; every number can be checked by hand."""

import numpy as np
import pytest

from edgecompress.models.activations import Calibration
from tests.fakes import Listener
from tests.graphs import graph, node

DOUBLED = graph(
    [node("MatMul", ["x", "w"], "twice"), node("Relu", ["twice"], "out")], {"w": 2 * np.eye(2)}
)
TEXTS = [  # of two tokens and of one
    {"x": np.array([[[1, -4], [3, 2]]], np.float32)},
    {"x": np.array([[[-2, 0]]], np.float32)},
]


def test_each_channel_has_its_largest_magnitude_over_all_tokens_of_all_texts():
    maxima = Calibration(TEXTS).channel_maxima(DOUBLED, ["x", "twice"])
    assert maxima["x"].tolist() == [3, 4]
    assert maxima["twice"].tolist() == [6, 8]


def test_a_range_holds_all_that_was_seen():
    ranges = Calibration(TEXTS).ranges(DOUBLED, ["twice"], "minmax")
    assert ranges["twice"].range_value == (-8, 6)


@pytest.mark.parametrize("method", ["entropy", "percentile"])
def test_other_ranges_leave_out_what_is_rare(method, capfd):
    rng = np.random.default_rng(0)
    sizes = (60_000, 60_001)  # tokens; one value in 240,000 is below a thousandth of a percent
    feeds = [{"x": rng.normal(size=(1, size, 2)).astype(np.float32)} for size in sizes]
    feeds[0]["x"][0, 0, 0] = 500.0
    ranges = Calibration(feeds).ranges(DOUBLED, ["x"], method)
    low, high = ranges["x"].range_value
    assert -6 < low < -2
    assert high < 500
    assert capfd.readouterr() == ("", "")


def test_the_graph_stays_as_it_is_and_the_texts_are_counted():
    listener, before = Listener(), DOUBLED.SerializeToString()
    Calibration(TEXTS, progress=listener).ranges(DOUBLED, ["x"], "minmax")
    assert listener.tracked == ["ranges"]
    assert DOUBLED.SerializeToString() == before
