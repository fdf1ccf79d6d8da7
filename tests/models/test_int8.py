"""One product of one matrix, so that every 8-bit number can be checked by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.core.errors import StageError
from edgecompress.models.int8 import quantize_dynamically, quantize_statically, weight_counts
from edgecompress.recipe.shipping import Quantize

WEIGHT = np.array([[1.0, 0.001], [-0.5, 0.002]], dtype=np.float32)  # columns of unlike size


def product(weight: np.ndarray | None = WEIGHT) -> onnx.ModelProto:
    """out = in @ weight, or in @ in where there is none."""
    inputs = ["in", "weight"] if weight is not None else ["in", "in"]
    graph = helper.make_graph(
        [helper.make_node("MatMul", inputs, ["out"], name="product")],
        "product",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [2, 2])],
        [] if weight is None else [numpy_helper.from_array(weight, "weight")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def settings(**changes: Any) -> Quantize:
    return Quantize(kind="quantize", **changes)


def stored(path: Path) -> np.ndarray:
    (found,) = (
        numpy_helper.to_array(w)
        for w in onnx.load(path).graph.initializer
        if w.data_type == TensorProto.INT8 and len(w.dims) == 2
    )
    return found


def test_each_channel_has_its_own_scale(tmp_path: Path) -> None:
    quantize_dynamically(product(), settings(), tmp_path / "model.onnx")
    # the largest of each column becomes 127, the other half of it: 63.5 rounds to even
    assert stored(tmp_path / "model.onnx").tolist() == [[127, 64], [-64, 127]]


def test_with_one_scale_a_small_channel_is_lost(tmp_path: Path) -> None:
    quantize_dynamically(product(), settings(per_channel=False), tmp_path / "model.onnx")
    assert stored(tmp_path / "model.onnx").tolist() == [[127, 0], [-64, 0]]


def test_static_weights_are_signed_and_activations_are_not(tmp_path: Path) -> None:
    feeds = iter([{"in": np.array([[0, 1], [2, 3]], dtype=np.float32)}])
    quantize_statically(product(), settings(scheme="static"), feeds, tmp_path / "model.onnx")
    made = onnx.load(tmp_path / "model.onnx")
    kinds = {w.data_type for w in made.graph.initializer if w.name.endswith("_zero_point")}
    assert kinds == {TensorProto.INT8, TensorProto.UINT8}
    scales = {w.name: numpy_helper.to_array(w) for w in made.graph.initializer}
    assert scales["in_scale"] == pytest.approx(3 / 255)  # min 0, max 3 of the one feed


def test_weights_are_counted_as_they_are_stored(tmp_path: Path) -> None:
    assert weight_counts(product()) == {"float": 4}
    quantize_dynamically(product(), settings(), tmp_path / "model.onnx")
    assert weight_counts(onnx.load(tmp_path / "model.onnx")) == {"int8": 4}


def test_a_graph_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no weights that can be stored in 8 bits"):
        quantize_dynamically(product(None), settings(), tmp_path / "model.onnx")


def test_a_quantized_graph_is_refused(tmp_path: Path) -> None:
    quantize_dynamically(product(), settings(), tmp_path / "model.onnx")
    with pytest.raises(StageError, match="quantized already"):
        quantize_dynamically(onnx.load(tmp_path / "model.onnx"), settings(), tmp_path / "more.onnx")
