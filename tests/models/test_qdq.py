"""A graph as torch exports it between quantizers, before and after it is stored in 8 bits."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.models.qdq import (
    asymmetric,
    fold_weights,
    keep_products_whole,
    quantized,
    round_tables,
    without_origins,
)
from tests.graphs import exact_session

CHANCE = np.random.default_rng(3)
ROWS, WIDTH, CLASSES = 20, 8, 3


def weight(rows: int, columns: int) -> np.ndarray:
    return CHANCE.normal(size=(rows, columns)).astype(np.float32)


def exported() -> onnx.ModelProto:
    """ids -> rows of a table, a product with a bias, a first token, and a Gemm, as torch writes."""
    up, out = weight(WIDTH, WIDTH), weight(CLASSES, WIDTH)
    constants = {
        "table": weight(ROWS, WIDTH),
        "up": up,
        "up_scale": np.abs(up).max(axis=1) / 127,
        "up_zero": np.zeros(WIDTH, np.int8),
        "out": out,
        "out_scale": np.abs(out).max(axis=1) / 127,
        "out_zero": np.zeros(CLASSES, np.int8),
        "low": np.array(-127, np.int8),
        "high": np.array(127, np.int8),
        "up_bias": weight(1, WIDTH)[0],
        "out_bias": weight(1, CLASSES)[0],
        "scale": np.array(0.04, np.float32),
        "zero": np.array(120, np.uint8),
        "first": np.array(0),
    }
    lines = [
        ("QuantizeLinear", ["up", "up_scale", "up_zero"], "up_q", {"axis": 0}),
        ("Clip", ["up_q", "low", "high"], "up_c", {}),
        ("DequantizeLinear", ["up_c", "up_scale", "up_zero"], "up_f", {"axis": 0}),
        ("QuantizeLinear", ["out", "out_scale", "out_zero"], "out_q", {"axis": 0}),
        ("Clip", ["out_q", "low", "high"], "out_c", {}),
        ("DequantizeLinear", ["out_c", "out_scale", "out_zero"], "out_f", {"axis": 0}),
        ("Gather", ["table", "ids"], "rows", {}),
        ("QuantizeLinear", ["rows", "scale", "zero"], "rows_q", {}),
        ("DequantizeLinear", ["rows_q", "scale", "zero"], "rows_f", {}),
        ("Transpose", ["up_f"], "up_t", {"perm": [1, 0]}),
        ("MatMul", ["rows_f", "up_t"], "product", {}),
        ("Add", ["product", "up_bias"], "raised", {}),
        ("Gather", ["raised", "first"], "token", {"axis": 1}),
        ("QuantizeLinear", ["token", "scale", "zero"], "token_q", {}),
        ("DequantizeLinear", ["token_q", "scale", "zero"], "token_f", {}),
        ("Gemm", ["token_f", "out_f", "out_bias"], "logits", {"transB": 1}),
    ]
    nodes = [helper.make_node(kind, given, [made], made, **how) for kind, given, made, how in lines]
    nodes[0].doc_string, nodes[1].metadata_props.add().value = "line 1", "/home/somebody"
    body = helper.make_graph(
        nodes,
        "exported",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def answer(graph: onnx.ModelProto) -> np.ndarray:
    onnx.checker.check_model(graph)
    session = exact_session(graph.SerializeToString())
    return session.run(["logits"], {"ids": np.arange(ROWS).reshape(4, 5)})[0]


def operators(graph: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in graph.graph.node]


def matrices(graph: onnx.ModelProto) -> dict[str, tuple[int, tuple[int, ...]]]:
    found = graph.graph.initializer
    return {w.name: (w.data_type, tuple(w.dims)) for w in found if len(w.dims) == 2}


def test_folded_weights_answer_alike_and_are_stored_as_integers():
    graph = exported()
    before = answer(graph)
    fold_weights(graph)
    assert np.array_equal(answer(graph), before)
    assert matrices(graph) == {
        "table": (TensorProto.FLOAT, (ROWS, WIDTH)),
        "up_c/turned": (TensorProto.INT8, (WIDTH, WIDTH)),
        "out_c": (TensorProto.INT8, (CLASSES, WIDTH)),
    }
    assert "Clip" not in operators(graph)
    assert "Transpose" not in operators(graph)


def test_biases_apart_leave_every_product_in_8_bits(tmp_path):
    graph = exported()
    before = answer(graph)
    fold_weights(graph)
    keep_products_whole(graph)
    assert answer(graph) == pytest.approx(before, abs=1e-5)
    assert {"Gemm", "Add"}.isdisjoint(operators(graph))
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "run.onnx")
    options.log_severity_level = 3  # it warns that such files are for one machine
    onnxruntime.InferenceSession(graph.SerializeToString(), options)
    run = operators(onnx.load(tmp_path / "run.onnx"))
    assert run.count("MatMulIntegerToFloat") == 2
    assert not {"MatMul", "Gemm", "FusedGemm"} & set(run)


def test_a_table_is_stored_in_a_quarter_and_within_half_a_step():
    graph = exported()
    table = numpy_helper.to_array(graph.graph.initializer[0])
    shape = answer(graph).shape
    round_tables(graph)
    assert answer(graph).shape == shape
    stored = {w.name: numpy_helper.to_array(w) for w in graph.graph.initializer}
    assert "table" not in stored
    rows, scale, zero = (stored[f"table/{part}"] for part in ("rows", "scale", "zero"))
    assert rows.dtype == np.uint8
    assert np.abs((rows.astype(np.float32) - zero) * scale - table).max() <= scale * 0.501


def test_nothing_is_kept_of_where_it_was_exported():
    graph = exported()
    without_origins(graph)
    assert b"somebody" not in graph.SerializeToString()
    assert b"line 1" not in graph.SerializeToString()


def test_numbers_become_the_nearest_steps_and_ends_hold():
    scale, zero = asymmetric(np.array([-1.0, 1.55], np.float32))
    assert (float(scale), int(zero)) == (pytest.approx(0.01), 100)
    values = np.array([-9.0, -1.0, 0.004, 0.006, 1.55, 9.0], np.float32)
    assert quantized(values, scale, zero, axis=0).tolist() == [0, 0, 100, 101, 255, 255]


def test_each_channel_has_its_own_scale_along_its_axis():
    values = np.array([[1.0, -0.5], [10.0, 5.0]], np.float32)
    scale, zero = np.array([1 / 127, 10 / 127], np.float32), np.zeros(2, np.int8)
    assert quantized(values, scale, zero, axis=0).tolist() == [[127, -64], [127, 64]]
    assert quantized(values.T, scale, zero, axis=-1).tolist() == [[127, 127], [-64, 64]]


def test_a_table_of_nothing_but_zeros_stays_so():
    scale, zero = asymmetric(np.zeros((2, 2), np.float32))
    assert (float(scale), int(zero)) == (1.0, 0)
