"""8-bit products as processors without VNNI compute them; every number can be checked by hand."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgecompress.core.errors import MeasureError
from edgecompress.models.nodes import MICROSOFT
from edgecompress.models.saturation import saturating
from tests.graphs import exact_session

Array = NDArray[Any]

LARGE = np.array([[127, 127, 1], [127, -127, 1]], np.int8)  # [2, 3]
FULL = np.array([[[255, 255]]], np.uint8)  # one text of one token of two numbers


def graph(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, Array],
    given: str = "a",
    kind: int = TensorProto.UINT8,
) -> ModelProto:
    """Nodes that make "out" of one input [1, tokens, 2]."""
    made = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info(given, kind, [1, None, None])],
        [helper.make_empty_tensor_value_info("out")],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


def answer(model: ModelProto | None, given: Array, name: str = "x") -> Array:
    assert model is not None
    session = exact_session(model.SerializeToString())
    feed = {name: given}
    if len(session.get_inputs()) > 1:
        feed["mask"] = np.ones(given.shape[:2], np.int32)
    (found,) = session.run(["out"], feed)
    return np.asarray(found)


def dynamic(weight: Array, product: Sequence[onnx.NodeProto] = ()) -> ModelProto:
    """x -> 8 bits by its own range -> product of integers."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["a", "a_scale", "a_zero"]),
        *(product or [helper.make_node("MatMulInteger", ["a", "w", "a_zero"], ["out"])]),
    ]
    return graph(nodes, {"w": weight}, "x", TensorProto.FLOAT)


ONES = np.ones((1, 1, 2), np.float32)  # from 0 to 1: 255 each, zero point 0


def test_a_sum_of_two_products_stops_at_the_largest_16_bit_number() -> None:
    # exact: 255 x 254 = 64,770; 0; 510
    assert answer(dynamic(LARGE), ONES).ravel().tolist() == [64_770, 0, 510]
    assert answer(saturating(dynamic(LARGE)), ONES).ravel().tolist() == [32_767, 0, 510]


def test_a_sum_stops_at_the_smallest_too() -> None:
    assert answer(saturating(dynamic(-LARGE)), ONES).ravel().tolist() == [-32_768, 0, -510]


def test_only_neighbours_are_summed_in_16_bits() -> None:
    apart = np.array([[127], [0], [127], [0]], np.int8)  # each pair stays below 32,767
    assert saturating(dynamic(apart)) is None


def test_an_odd_number_of_rows_has_a_last_one_alone() -> None:
    odd = np.array([[127], [127], [127]], np.int8)
    ones = np.ones((1, 1, 3), np.float32)
    assert answer(saturating(dynamic(odd)), ones).ravel().tolist() == [32_767 + 255 * 127]


def test_weights_of_seven_bits_cannot_saturate() -> None:
    assert saturating(dynamic(np.array([[64], [64]], np.int8))) is None  # 255 x 128 = 32,640


def test_unsigned_weights_are_multiplied_exactly_everywhere() -> None:
    assert saturating(dynamic(np.array([[200], [200]], np.uint8))) is None


def test_what_is_given_stays_as_it_is() -> None:
    before = dynamic(LARGE)
    copy = before.SerializeToString()
    saturating(before)
    assert before.SerializeToString() == copy


def between_floats(operator: str, weight: Array, **settings: Any) -> ModelProto:
    """A product between DequantizeLinears, as a statically quantized graph holds it."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["a"]),
        helper.make_node("DequantizeLinear", ["a", "one", "zero"], ["a_float"]),
        helper.make_node("DequantizeLinear", ["w", "half", "w_zero"], ["w_float"]),
        helper.make_node(operator, ["a_float", "w_float"], ["out"], **settings),
    ]
    scales = {"one": np.float32(1), "half": np.float32(0.5)}
    zeros = {"zero": np.uint8(0), "w_zero": np.int8(0)}
    made = graph(nodes, {"w": weight, **scales, **zeros}, "x", TensorProto.FLOAT)
    if operator == "Gemm":  # of matrices
        del made.graph.input[0].type.tensor_type.shape.dim[0]
    return made


def test_a_product_between_dequantizers_saturates_in_its_scale() -> None:
    found = saturating(between_floats("MatMul", LARGE))
    assert answer(found, 255 * ONES).ravel().tolist() == [16_383.5, 0, 255]


def test_a_transposed_matrix_is_paired_along_its_sums() -> None:
    found = saturating(between_floats("Gemm", np.ascontiguousarray(LARGE.T), transB=1))
    assert answer(found, 255 * ONES[0]).ravel().tolist() == [16_383.5, 0, 255]


def test_a_product_that_goes_on_in_8_bits_saturates_before_it_is_scaled() -> None:
    inputs = ["a", "one", "zero", "w", "one", "w_zero", "scale", "zero"]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["a"]),
        helper.make_node("QLinearMatMul", inputs, ["out"]),
    ]
    zeros = {"zero": np.uint8(0), "w_zero": np.int8(0)}
    scales = {"one": np.float32(1), "scale": np.float32(300)}
    model = graph(nodes, {"w": LARGE, **zeros, **scales}, "x", TensorProto.FLOAT)
    # 64,770 / 300 = 215.9 exactly, 32,767 / 300 = 109.2 saturated, 510 / 300 = 1.7
    assert answer(model, 255 * ONES).ravel().tolist() == [216, 0, 2]
    assert answer(saturating(model), 255 * ONES).ravel().tolist() == [109, 0, 2]


def test_a_product_that_comes_out_real_saturates_before_its_bias() -> None:
    inputs = ["a", "w", "one", "half", "zero", "w_zero", "bias"]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["a"]),
        helper.make_node("MatMulIntegerToFloat", inputs, ["out"], domain=MICROSOFT),
    ]
    zeros = {"zero": np.uint8(0), "w_zero": np.zeros(3, np.int8)}
    scales = {"one": np.float32(1), "half": np.full(3, 0.5, np.float32)}
    weights = {"w": LARGE, "bias": np.array([1, 2, 3], np.float32), **zeros, **scales}
    model = graph(nodes, weights, "x", TensorProto.FLOAT)
    assert answer(model, 255 * ONES).ravel().tolist() == [32_386, 2, 258]
    assert answer(saturating(model), 255 * ONES).ravel().tolist() == [16_384.5, 2, 258]


def test_what_few_bits_do_elsewhere_is_not_known() -> None:
    node = helper.make_node("MatMulNBits", ["x", "w", "s"], ["out"], domain=MICROSOFT)
    with pytest.raises(MeasureError, match="MatMulNBits is not known"):
        saturating(graph([node], {"w": LARGE}, "x", TensorProto.FLOAT))


DRAWN = np.random.default_rng(0).integers(-127, 128, size=(4, 12)).astype(np.int8)
HIDDEN = np.random.default_rng(1).normal(size=(1, 3, 4)).astype(np.float32)


def attention(weight: Array) -> ModelProto:
    """Two heads of two numbers over three tokens of four; [4, 12] is query, key and value."""
    inputs = ["a", "w", "bias", "a_scale", "w_scale", "mask", "a_zero", "w_zero"]
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["a", "a_scale", "a_zero"]),
        helper.make_node("QAttention", inputs, ["out"], domain=MICROSOFT, num_heads=2),
    ]
    weights = {
        "w": weight,
        "w_scale": np.full(12, 0.01, np.float32),
        "w_zero": np.zeros(12, np.int8),
        "bias": np.linspace(-1, 1, 12).astype(np.float32),
    }
    made = graph(nodes, weights, "x", TensorProto.FLOAT)
    mask = helper.make_tensor_value_info("mask", TensorProto.INT32, [1, None])
    made.graph.input.append(mask)
    return made


def test_attention_that_saturates_answers_otherwise() -> None:
    model = attention(DRAWN)
    assert np.abs(answer(saturating(model), HIDDEN) - answer(model, HIDDEN)).max() > 0.01


def test_attention_that_could_saturate_and_does_not_answers_alike() -> None:
    weight = (DRAWN // 4).astype(np.int8)
    weight[:2] = 127  # a pair that could
    balanced = np.zeros((1, 3, 4), np.float32)
    balanced[..., 2:] = [[1, -1], [0.5, -0.3], [-0.2, 0.1]]  # zero point 128: 128 x 254 = 32,512
    model = attention(weight)
    assert answer(saturating(model), balanced) == pytest.approx(answer(model, balanced), abs=1e-6)


def test_a_product_nobody_understands_is_refused() -> None:
    node = helper.make_node("DynamicQuantizeMatMul", ["x", "w", "s"], ["out"], domain=MICROSOFT)
    model = graph([node], {"w": LARGE, "s": np.float32(1)}, "x", TensorProto.FLOAT)
    with pytest.raises(MeasureError, match="DynamicQuantizeMatMul is not known"):
        saturating(model)


ASK = """
import json, sys
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
given = numpy.array(json.loads(sys.argv[2]), numpy.float32)
feed = {"x": given, "mask": numpy.ones(given.shape[:2], numpy.int32)}
feed = {one.name: feed[one.name] for one in session.get_inputs()}
print(json.dumps(session.run(["out"], feed)[0].tolist()))
"""


@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="needs qemu-x86_64 (qemu-user)")
@pytest.mark.parametrize("model", [dynamic(LARGE), attention(DRAWN)], ids=["product", "attention"])
def test_an_emulated_processor_computes_the_same(model: ModelProto, tmp_path: Path) -> None:
    """Haswell has AVX2 and no VNNI."""
    given = HIDDEN if model.graph.node[-1].op_type == "QAttention" else ONES
    onnx.save(model, tmp_path / "model.onnx")
    command = ["qemu-x86_64", "-cpu", "Haswell", sys.executable, "-W", "ignore", "-c", ASK]
    command += [str(tmp_path / "model.onnx"), json.dumps(given.tolist())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]))
    assert np.abs(theirs - answer(saturating(model), given)).max() <= 1e-6
