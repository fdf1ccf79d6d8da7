import json

import numpy as np
import pytest

from edgecompress.models import latency_table, timed_graphs
from edgecompress.models.encoder import EncoderConfig
from edgecompress.models.latency_table import Curve, LatencyTable, measure_layers
from tests.fakes import Listener

TABLE = LatencyTable(
    heads=Curve([1, 3], [7.0, 9.0]),
    neurons=Curve([8, 16], [5.0, 9.0]),
    last_heads=Curve([1, 3], [3.0, 6.0]),
    last_neurons=Curve([8, 16], [5.0, 6.0]),
)
CONFIG = EncoderConfig(
    vocab_size=30,
    hidden=64,
    heads=(8, 4),
    head_size=16,
    intermediate=(64, 1024),
    labels=("a", "b"),
    ranks=({"up": 32}, {}),
)


def test_time_between_two_sizes_lies_on_a_line():
    assert Curve([1, 3, 4], [7.0, 9.0, 12.0]).up_to(4).tolist() == [7.0, 8.0, 9.0, 12.0]


def test_what_both_parts_of_a_layer_save_adds_up():
    heads, neurons = TABLE.costs([3, 2], [16, 12])
    assert [cost[-1] for cost in heads] == [9.0, 4.5]
    assert [cost[-1] for cost in neurons] == [0.0, -0.5]
    config = EncoderConfig(30, 8, (3, 2), 4, (16, 12), ("a", "b"))
    assert TABLE.layers_ms(config) == 9.0 + (4.5 - 0.5)


def test_a_table_comes_back_from_a_file():
    assert LatencyTable.from_json(json.loads(json.dumps(TABLE.to_json()))) == TABLE


@pytest.fixture
def measured(monkeypatch) -> LatencyTable:
    """Three shapes of each depth, few rounds."""
    monkeypatch.setattr(latency_table, "GRID", 2)
    monkeypatch.setattr(timed_graphs, "MOST_ROUNDS", 7)
    lengths = np.random.default_rng(1).integers(20, 100, 50)
    return measure_layers(CONFIG, lengths, Listener())


def test_a_measured_layer_costs_less_when_it_is_narrower(measured):
    assert measured.heads.sizes == [1, 8]
    assert measured.neurons.sizes == [64, 1024]
    for curve in (measured.heads, measured.neurons):
        assert 0 < curve.ms[0] < curve.ms[-1]
    assert measured.heads.ms[-1] == measured.neurons.ms[-1], "both are the whole layer"
    assert measured.last_neurons.ms[-1] < measured.neurons.ms[-1], "one token goes on"


def test_noise_does_not_make_a_narrower_layer_slower():
    curve = latency_table._curve([1, 2, 3], [1.0, 1.2, 1.1])
    assert curve.ms == [1.0, pytest.approx(1.15), pytest.approx(1.15)]
