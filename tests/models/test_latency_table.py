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


LENGTHS = np.random.default_rng(1).integers(20, 100, 50)


@pytest.fixture
def two_sizes(monkeypatch) -> None:
    """Three shapes of each depth."""
    monkeypatch.setattr(latency_table, "GRID", 2)


def priced(sessions, feeds, what, progress):
    """10 ms around the layers, a head 1 ms, 32 neurons 1 ms; of the last layer half of that."""
    depths = [list(zip(config.heads, config.intermediate, strict=True)) for config in sessions]
    costs = [[heads + neurons / 32 for heads, neurons in layers] for layers in depths]
    return [10 + sum(cost) - sum(cost[-1:]) / 2 for cost in costs]


@pytest.mark.usefixtures("two_sizes")
def test_what_a_layer_adds_is_told_apart_from_what_stands_around_it(monkeypatch):
    monkeypatch.setattr(latency_table, "int8_form", lambda encoder: encoder.config)
    monkeypatch.setattr(latency_table, "median_ms", priced)
    assert measure_layers(CONFIG, LENGTHS, Listener()) == LatencyTable(
        heads=Curve([1, 8], [33.0, 40.0]),  # 1 or 8 heads, and 1024 / 32
        neurons=Curve([64, 1024], [10.0, 40.0]),
        last_heads=Curve([1, 8], [16.5, 20.0]),
        last_neurons=Curve([64, 1024], [5.0, 20.0]),
    )


@pytest.mark.usefixtures("two_sizes")
def test_a_real_clock_gives_curves_that_never_fall(monkeypatch):
    monkeypatch.setattr(timed_graphs, "MOST_ROUNDS", 7)
    measured = measure_layers(CONFIG, LENGTHS, Listener())
    assert measured.heads.ms[-1] > 0
    for curve in (measured.heads, measured.neurons, measured.last_heads, measured.last_neurons):
        assert curve.ms == sorted(curve.ms)


def test_noise_does_not_make_a_narrower_layer_slower():
    curve = latency_table._curve([1, 2, 3], [1.0, 1.2, 1.1])
    assert curve.ms == [1.0, pytest.approx(1.15), pytest.approx(1.15)]
