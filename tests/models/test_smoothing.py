"""Channels are made even where it is exact, and every answer stays the same to the last bit."""

import numpy as np
import pytest
from onnx import numpy_helper

from edgecompress.models.activations import Calibration
from edgecompress.models.nodes import MICROSOFT
from edgecompress.models.smoothing import Smoothed, fed_into, smooth
from tests.graphs import answer, constant, graph, kinds, node

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(4, 4))
LOUD = SQUARE * np.array([1, 1, 1000, 1])  # its third column makes a loud channel
ROWS = RNG.normal(size=(2, 3, 4))
NORM = {"scale": np.array([1, 1, 300, 1]), "shift": np.array([0, 1, 900, 2])}


def smoothed(model, alpha=0.75) -> Smoothed:
    values = list(fed_into(model))
    maxima = Calibration([{"x": ROWS.astype(np.float32)}]).channel_maxima(model, values)
    return smooth(model, maxima, alpha)


def spread(model) -> float:
    """Of the channels that enter the last product: largest over smallest."""
    value = list(fed_into(model))[-1]
    maxima = Calibration([{"x": ROWS.astype(np.float32)}]).channel_maxima(model, [value])[value]
    return float(maxima.max() / maxima.min())


PRODUCTS = [node("MatMul", ["x", "loud"], "up"), node("MatMul", ["up", "w"], "out")]
BIASED = [
    node("MatMul", ["x", "loud"], "up"),
    node("Add", ["up", "b"], "biased"),
    node("Relu", ["biased"], "relu"),
    node("MatMul", ["relu", "w"], "out"),
]
NORMED = [
    node("LayerNormalization", ["x", "scale", "shift"], "norm"),
    node("MatMul", ["norm", "w"], "out"),
]
ATTENTION = [
    node("Attention", ["x", "qkv", "qkv_bias"], "mixed", domain=MICROSOFT, num_heads=2),
    node("Gather", ["mixed", "first"], "first_token", axis=1),
    node("MatMul", ["first_token", "w"], "out"),
]
WEIGHTS = {"w": SQUARE, "loud": LOUD, "b": np.array([1, 2, 5000, 4]), **NORM}
QKV = {"qkv": np.hstack([SQUARE, SQUARE, LOUD]), "qkv_bias": np.arange(12) / 4}


def model_of(nodes):
    used = {name for one in nodes for name in one.input}
    model = graph(nodes, {k: v for k, v in {**WEIGHTS, **QKV}.items() if k in used})
    if "first" in used:
        model.graph.initializer.append(numpy_helper.from_array(np.int64(0), "first"))
    return model


@pytest.mark.parametrize(
    "nodes", [PRODUCTS, BIASED, NORMED, ATTENTION], ids=["product", "relu", "norm", "attention"]
)
def test_what_makes_the_channels_is_divided_where_that_is_exact(nodes):
    model = model_of(nodes)
    found = smoothed(model)
    assert found.divided <= 1  # the input itself, where a product reads it
    assert found.folded == 1
    assert spread(found.graph) < spread(model) / 10
    assert (answer(found.graph, ROWS) == answer(model, ROWS)).all()


RESIDUAL = [
    node("LayerNormalization", ["x", "scale", "shift"], "norm"),
    node("MatMul", ["norm", "w"], "mixed"),
    node("Sum", ["mixed", "norm"], "out"),
]
GELU = [
    node("MatMul", ["x", "loud"], "up"),
    node("Gelu", ["up"], "gelu", domain=MICROSOFT),
    node("MatMul", ["gelu", "w"], "out"),
]


@pytest.mark.parametrize("nodes", [RESIDUAL, GELU], ids=["residual", "gelu"])
def test_elsewhere_an_operator_divides(nodes):
    model = model_of(nodes)
    found = smoothed(model)
    assert found.folded == 0
    assert "Mul" in kinds(found.graph)
    assert spread(found.graph) < spread(model) / 10
    assert (answer(found.graph, ROWS) == answer(model, ROWS)).all()


def test_a_residual_sees_the_norm_as_it_was():
    found = smoothed(model_of(RESIDUAL))
    assert (constant(found.graph, "scale") == NORM["scale"]).all()


def test_products_that_read_the_same_share_its_factors():
    nodes = [
        node("LayerNormalization", ["x", "scale", "shift"], "norm"),
        node("MatMul", ["norm", "w"], "one"),
        node("MatMul", ["norm", "loud"], "other"),
        node("Sum", ["one", "other"], "out"),
    ]
    model = model_of(nodes)
    found = smoothed(model)
    assert (found.folded, found.divided) == (1, 0)
    assert (answer(found.graph, ROWS) == answer(model, ROWS)).all()


def test_a_shared_matrix_is_changed_for_its_own_reader_alone():
    nodes = [
        node("LayerNormalization", ["x", "scale", "shift"], "norm"),
        node("MatMul", ["norm", "w"], "one"),
        node("MatMul", ["one", "w"], "out"),
    ]
    model = model_of(nodes)
    found = smoothed(model)
    assert np.abs(answer(found.graph, ROWS) - answer(model, ROWS)).max() == 0


def test_factors_are_those_of_the_paper_to_the_next_power_of_two():
    # channel maxima 8 and 2, row maxima 0.5 and 2: sqrt(8 / 0.5) = 4 and sqrt(2 / 2) = 1
    model = graph([node("MatMul", ["x", "w"], "out")], {"w": np.array([[0.5, 0.1], [2, 1]])})
    found = smooth(model, {"x": np.array([8, 2], np.float32)}, 0.5)
    assert constant(found.graph, "x/even/by").tolist() == [0.25, 1]
    assert constant(found.graph, "w") == pytest.approx(np.array([[2, 0.4], [2, 1]]))


def test_channels_that_are_never_used_or_never_read_are_left_alone():
    model = graph([node("MatMul", ["x", "w"], "out")], {"w": np.array([[0.0, 0.0], [2, 1]])})
    found = smooth(model, {"x": np.array([8, 0], np.float32)}, 0.5)
    assert (found.folded, found.divided) == (0, 0)
