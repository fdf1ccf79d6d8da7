"""Operators with weights are found, named for readers, and rewritten without changing an answer."""

import numpy as np
import pytest
from onnx import numpy_helper

from edgecompress.models.nodes import MICROSOFT
from edgecompress.models.products import (
    place_of,
    split_attention,
    sum_biases,
    weighted,
    without_gemm,
)
from tests.graphs import answer, graph, kinds, node

SQUARE = np.random.default_rng(0).normal(size=(4, 4))
ROWS = np.random.default_rng(1).normal(size=(2, 3, 4))


def test_only_operators_with_constant_matrices_have_weights():
    nodes = [
        node("MatMul", ["x", "w"], "weighted"),
        node("MatMul", ["weighted", "x"], "scores"),
        node("Add", ["scores", "b"], "out"),
    ]
    found = weighted(graph(nodes, {"w": SQUARE, "b": np.zeros(4)}))
    assert [one.name for one in found] == ["weighted"]


@pytest.mark.parametrize(
    ("name", "output", "place"),
    [
        ("/encoder/layers.0/attention/out/MatMul", "x", "layers.0/attention/out"),
        ("Attention_0", "/encoder/layers.0/attention/Reshape_3_output_0", "layers.0/attention"),
        ("/encoder/head/out/Gemm_MatMul", "logits_MatMul", "head/out"),
        (
            "/encoder/layers.0/attention/Reshape_3_output_0/qkv/product",
            "x",
            "layers.0/attention/qkv",
        ),
        ("product", "out", "product"),
    ],
)
def test_an_operator_is_called_by_its_place_in_the_network(name, output, place):
    named = node("MatMul", ["x", "w"], output)
    named.name = name
    assert place_of(named) == place


def test_gemm_becomes_a_product_and_a_sum():
    before = graph(
        [node("Gemm", ["x", "w", "b"], "out", transB=1)], {"w": SQUARE, "b": ROWS[0, 0]}, 2
    )
    after = without_gemm(before)
    assert kinds(after) == ["MatMul", "Add"]
    assert kinds(before) == ["Gemm"]
    assert answer(after, ROWS[0]) == pytest.approx(answer(before, ROWS[0]), abs=1e-6)


def test_split_attention_answers_as_the_fused_operator():
    weights = {"w": np.tile(SQUARE, 3), "b": np.arange(12) / 12}
    fused = graph(
        [
            node("Attention", ["x", "w", "b", "mask"], "layer/out", domain=MICROSOFT, num_heads=2),
            node("Identity", ["layer/out"], "out"),
        ],
        weights,
    )
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    fused.graph.initializer.append(numpy_helper.from_array(mask, "mask"))
    split = split_attention(fused)
    assert kinds(split) == ["MatMul", "Add", "Split", "MultiHeadAttention", "Identity"]
    assert answer(split, ROWS) == pytest.approx(answer(fused, ROWS), abs=1e-6)


def test_only_biases_of_products_become_sums():
    nodes = [
        node("MatMul", ["x", "w"], "product"),
        node("Add", ["product", "b"], "biased"),
        node("Add", ["biased", "x"], "out"),
    ]
    before = graph(nodes, {"w": SQUARE, "b": ROWS[0, 0]})
    after = sum_biases(before)
    assert kinds(after) == ["MatMul", "Sum", "Add"]
    assert (answer(after, ROWS) == answer(before, ROWS)).all()
