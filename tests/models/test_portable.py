"""Graphs in standard operators alone: every one must answer as the graph it was made of."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from edgecompress.models.activations import Calibration
from edgecompress.models.int8 import prepare, quantize_dynamically
from edgecompress.models.nodes import MICROSOFT
from edgecompress.models.portable import not_standard, portable
from edgecompress.recipe.shipping import Quantize
from tests.models.test_onnx_graph import answer, batch, made, network


def eight_bits(graph: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    quantize_dynamically(graph, Quantize(kind="quantize"), folder / "model.onnx")
    return onnx.load(folder / "model.onnx")


def test_what_is_fused_is_not_standard() -> None:
    assert not_standard(made(network(), fused=True)) == ["Attention", "Gelu"]


def test_nothing_is_left_that_is_not_standard(tmp_path: Path) -> None:
    found = portable(eight_bits(made(network(), fused=True), tmp_path))
    assert not_standard(found) == []
    assert [one.domain for one in found.opset_import] == [""]
    onnx.checker.check_model(found)


@pytest.mark.parametrize("heads", [(4, 4), (2, 1)])
def test_fused_attention_written_out_answers_alike(heads: tuple[int, int]) -> None:
    graph = made(network(heads=heads), fused=True)
    theirs, ours = (answer(one, *batch()[:2]) for one in (graph, portable(graph)))
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_pairs_keep_their_types() -> None:
    graph = made(network(type_vocab=2), fused=True, pairs=True)
    theirs, ours = (answer(one, *batch()) for one in (graph, portable(graph)))
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_8_bit_attention_written_out_answers_alike(tmp_path: Path) -> None:
    graph = eight_bits(made(network(), fused=True), tmp_path)
    theirs, ours = (answer(one, *batch()[:2]) for one in (graph, portable(graph)))
    # the same 8-bit numbers but for a rounding here and there; logits are of size 10
    assert np.abs(ours - theirs).max() < 0.1
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()


@pytest.mark.parametrize("format", ["qdq", "qoperator"])
def test_fixed_ranges_written_out_answer_alike(format: str) -> None:
    ids, mask, _ = (tensor.numpy() for tensor in batch())
    feed = {"input_ids": ids, "attention_mask": mask}
    static = Quantize(kind="quantize", scheme="static", format=format)
    graph = prepare(made(network(), fused=True), static, Calibration([feed])).quantized()
    theirs, ours = (answer(one, *batch()[:2]) for one in (graph, portable(graph)))
    assert not_standard(portable(graph)) == []
    assert bool(not_standard(graph)) == (format == "qoperator")
    assert np.abs(ours - theirs).max() < 0.1


def test_a_graph_of_standard_operators_stays_as_it_is() -> None:
    graph = made(network(), fused=False)
    assert portable(graph).graph.node == graph.graph.node


def test_causal_attention_is_left_alone() -> None:
    graph = made(network(), fused=True)
    for node in graph.graph.node:
        if node.op_type == "Attention":
            node.attribute.append(helper.make_attribute("unidirectional", 1))
    assert not_standard(portable(graph)) == ["Attention"]


def test_what_is_not_known_is_left_alone() -> None:
    graph = made(network(), fused=True)
    graph.graph.node[-1].op_type, graph.graph.node[-1].domain = "Unheard", MICROSOFT
    assert "Unheard" in not_standard(portable(graph))
