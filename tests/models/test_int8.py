"""One product of one matrix, so that every 8-bit number can be checked by hand."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, numpy_helper

from edgecompress.core.errors import StageError
from edgecompress.models.activations import Calibration
from edgecompress.models.int8 import Prepared, prepare, weight_counts
from edgecompress.recipe.shipping import Quantize
from tests.graphs import answer, constant, graph, kinds, node

WEIGHT = np.array([[1.0, 0.001], [-0.5, 0.002]], dtype=np.float32)  # columns of unlike size
SEEN = Calibration([{"x": np.array([[[0, 1], [2, 3]]], dtype=np.float32)}])


def product(weight: np.ndarray | None = WEIGHT, biased: bool = False) -> ModelProto:
    """out = x @ weight [+ bias], or x @ x where there is no weight."""
    name = "product" if biased else "out"
    nodes = [node("MatMul", ["x", "w" if weight is not None else "x"], name)]
    weights = {} if weight is None else {"w": weight}
    if biased:
        nodes.append(node("Add", ["product", "b"], "out"))
        weights["b"] = np.array([10, 20], np.float32)
    return graph(nodes, weights)


def prepared(model: ModelProto | None = None, **changes: Any) -> Prepared:
    return prepare(model or product(), Quantize(kind="quantize", **changes), SEEN)


def stored(model: ModelProto) -> list[list[int]]:
    (found,) = (
        numpy_helper.to_array(w)
        for w in model.graph.initializer
        if w.data_type == TensorProto.INT8 and len(w.dims) == 2
    )
    return found.tolist()


def test_each_channel_has_its_own_scale() -> None:
    # the largest of each column becomes 127, the other half of it: 63.5 rounds to even
    assert stored(prepared().quantized()) == [[127, 64], [-64, 127]]


def test_with_one_scale_a_small_channel_is_lost() -> None:
    assert stored(prepared(per_channel=False).quantized()) == [[127, 0], [-64, 0]]


@pytest.mark.parametrize("format", ["qdq", "qoperator"])
def test_static_weights_are_signed_and_activations_are_not(format: str) -> None:
    made = prepared(scheme="static", format=format).quantized()
    assert stored(made) == [[127, 64], [-64, 127]]
    kinds = {w.data_type for w in made.graph.initializer if w.name.endswith("zero_point")}
    assert kinds == {TensorProto.INT8, TensorProto.UINT8}
    assert constant(made, "x_scale") == pytest.approx(3 / 255)  # min 0, max 3 of the one feed


@pytest.mark.parametrize("format", ["qdq", "qoperator"])
def test_what_comes_out_of_a_static_product_is_not_rounded_again(format: str) -> None:
    made = prepared(product(np.eye(2)), scheme="static", format=format).quantized()
    # 3 is 255 steps of 3 / 255 exactly; 1 / 127 of a weight's step is the only rounding
    assert answer(made, np.array([[[3, 0]]])).ravel() == pytest.approx([3, 0], abs=1e-6)
    assert kinds(made).count("QuantizeLinear") == 1


def test_a_static_operator_takes_its_bias_along() -> None:
    made = prepared(product(biased=True), scheme="static", format="qoperator").quantized()
    assert kinds(made) == ["QuantizeLinear", "MatMulIntegerToFloat"]
    floats = answer(product(biased=True), np.array([[[1, 2]]]))
    assert answer(made, np.array([[[1, 2]]])) == pytest.approx(floats, abs=0.02)


def test_a_value_beyond_its_static_range_is_cut_off() -> None:
    made = prepared(product(np.eye(2)), scheme="static", format="qoperator").quantized()
    assert answer(made, np.array([[[30, -5]]])).ravel() == pytest.approx([3, 0], abs=1e-6)


@pytest.mark.parametrize("scheme", ["dynamic", "static", "weights"])
def test_what_is_named_stays_floating(scheme: str) -> None:
    nodes = [node("MatMul", ["x", "w"], "one"), node("MatMul", ["one", "v"], "out")]
    model = graph(nodes, {"w": np.eye(2), "v": np.eye(2)})
    ready = prepared(model, scheme=scheme)
    assert [one.name for one in ready.operators] == ["one", "out"]
    kept = [w.name for w in ready.quantized(["out"]).graph.initializer if w.data_type == 1]
    assert "v" in kept
    assert "w" not in kept
    assert kinds(ready.quantized(["one", "out"])) == ["MatMul", "MatMul"]


@pytest.mark.parametrize("scheme", ["dynamic", "static", "weights"])
def test_a_graph_is_quantized_as_often_as_it_is_asked_for(scheme: str) -> None:
    ready = prepared(scheme=scheme)
    first = ready.quantized().SerializeToString()
    ready.quantized(["out"])
    assert ready.quantized().SerializeToString() == first


def test_weights_are_counted_as_they_are_stored() -> None:
    assert weight_counts(product()) == {"float": 4}
    assert weight_counts(prepared().quantized()) == {"int8": 4}
    for bits in (4, 8):
        made = prepared(scheme="weights", bits=bits, block=16).quantized()
        assert weight_counts(made) == {f"int{bits}": 4}


def test_a_graph_without_weights_is_refused() -> None:
    with pytest.raises(StageError, match="no weights that can be stored in 8 bits"):
        prepared(product(None))


@pytest.mark.parametrize("scheme", ["dynamic", "static", "weights"])
def test_a_quantized_graph_is_refused(scheme: str) -> None:
    made = onnx.ModelProto.FromString(prepared(scheme=scheme).quantized().SerializeToString())
    with pytest.raises(StageError, match="quantized already"):
        prepared(made)
