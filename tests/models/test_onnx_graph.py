"""Exact rewrites: every graph here must answer as the torch network does, to rounding."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from edgecompress.core.errors import StageError
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.int8 import quantize_dynamically, weight_counts
from edgecompress.models.onnx_graph import export_graph, fuse_attention, operator_counts, tidy
from edgecompress.recipe.shipping import Quantize

TINY = EncoderConfig(
    vocab_size=50,
    hidden=16,
    heads=(4, 4),
    head_size=4,
    intermediate=(24, 40),
    labels=("bad", "good", "other"),
    max_positions=22,
)


def network(**changes: Any) -> Encoder:
    """Random weights large enough that a mistake would show in the logits."""
    torch.manual_seed(3)
    encoder = Encoder(replace(TINY, **changes)).eval()
    for weight in encoder.parameters():
        nn.init.normal_(weight, std=0.5)
    return encoder


def made(encoder: Encoder, opset: int = 17, *, fused: bool, pairs: bool = False) -> onnx.ModelProto:
    graph = export_graph(encoder, opset, pairs=pairs)
    return tidy(fuse_attention(graph, encoder.config) if fused else graph)


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Five rows of nine tokens: whole, padded right, one token, padded left, holed."""
    ids = torch.randint(50, (5, 9), generator=torch.Generator().manual_seed(5))
    mask = torch.ones_like(ids)
    mask[1, 5:] = mask[2, 1:] = mask[3, :4] = mask[4, 3:6] = 0
    types = torch.zeros_like(ids)
    types[:, 4:] = 1
    return ids, mask, types


def answer(graph: onnx.ModelProto, *inputs: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    names = [i.name for i in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    return session.run(["logits"], feed)[0]


def difference(encoder: Encoder, graph: onnx.ModelProto, *, pairs: bool = False) -> float:
    inputs = batch()[: 3 if pairs else 2]
    with torch.no_grad():
        expected = encoder(*inputs).logits.numpy()
    return float(np.abs(answer(graph, *inputs) - expected).max())


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"heads": (4, 2)},
        {"heads": (1, 2), "intermediate": (8, 40)},
        {"embedding_rank": 4},
        {"ranks": ({"up": 5, "down": 6}, {"out": 3})},
        {"ranks": ({"query": 3, "key": 2, "value": 4}, {"value": 3})},
        {"position_offset": 2},
        {"type_vocab": 0},
        {"activation": "gelu_new"},
        {"activation": "relu", "head_activation": "relu"},
        {"heads": (4,), "intermediate": (24,)},
    ],
    ids=str,
)
def test_a_graph_answers_as_its_network_whatever_is_padded(
    changes: dict[str, Any], fused: bool
) -> None:
    encoder = network(**changes)
    assert difference(encoder, made(encoder, fused=fused)) < 1e-5


@pytest.mark.parametrize("fused", [True, False])
def test_a_pair_keeps_its_types(fused: bool) -> None:
    encoder = network()
    graph = made(encoder, fused=fused, pairs=True)
    assert [i.name for i in graph.graph.input][2:] == ["token_type_ids"]
    assert difference(encoder, graph, pairs=True) < 1e-5


@pytest.mark.parametrize("changes", [{"type_vocab": 0}, {"type_vocab": 1}])
def test_a_pair_has_no_types_where_the_network_has_none(changes: dict[str, Any]) -> None:
    encoder = network(**changes)
    graph = made(encoder, fused=True, pairs=True)
    assert [i.name for i in graph.graph.input] == ["input_ids", "attention_mask"]
    assert difference(encoder, graph) < 1e-5


@pytest.mark.parametrize("opset", [14, 15, 16, 17, 18, 19, 20])
def test_every_opset_of_the_recipe_can_be_written(opset: int) -> None:
    encoder = network()
    graph = made(encoder, opset, fused=False)
    onnx.checker.check_model(graph)
    assert [(i.domain, i.version) for i in graph.opset_import] == [("", opset)]
    assert difference(encoder, graph) < 1e-5


@pytest.mark.parametrize("opset", [17, 18, 19, 20])
def test_every_layer_is_fused_and_no_slow_operator_appears(opset: int) -> None:
    counts = operator_counts(made(network(), opset, fused=True))
    assert (counts["Attention"], counts["LayerNormalization"]) == (2, 5)
    assert counts["Softmax"] == counts["Erf"] == 0
    assert not counts.keys() & {
        *("SkipLayerNormalization", "EmbedLayerNormalization", "BiasGelu", "Transpose", "Reshape")
    }


@pytest.mark.parametrize("fused", [True, False])
def test_onnxruntime_makes_no_slow_operator_while_loading(tmp_path: Path, fused: bool) -> None:
    graph = made(network(), fused=fused)
    quantize_dynamically(graph, Quantize(kind="quantize"), tmp_path / "int8.onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    options.log_severity_level = 3  # it warns that the file is for this machine only
    onnxruntime.InferenceSession(tmp_path / "int8.onnx", options)
    loaded = operator_counts(onnx.load(tmp_path / "loaded.onnx"))
    assert loaded["SkipLayerNormalization"] == loaded["EmbedLayerNormalization"] == 0
    assert loaded["DynamicQuantizeMatMul"] > 0  # it did look for something faster


COMPRESSED: dict[str, Any] = {
    "heads": (2, 3, 1),
    "intermediate": (24, 8, 16),
    "embedding_rank": 4,
    "ranks": ({"up": 5}, {"key": 2}, {"down": 3}),
    "max_positions": 12,
}


@pytest.mark.parametrize("thin", ["query", "key", "value", "out"])
def test_a_layer_whose_attention_is_thin_keeps_its_single_operators(thin: str) -> None:
    encoder = network(ranks=({thin: 2, "up": 5}, {"down": 3}))
    counts = operator_counts(made(encoder, fused=True))
    assert (counts["Attention"], counts["Softmax"], counts["LayerNormalization"]) == (1, 1, 5)


@pytest.mark.parametrize("fused", [True, False])
def test_every_matrix_of_a_compressed_network_is_stored_once_and_in_8_bits(
    tmp_path: Path, fused: bool
) -> None:
    encoder = network(**COMPRESSED)
    quantize_dynamically(made(encoder, fused=fused), Quantize(kind="quantize"), tmp_path / "q")
    graph = onnx.load(tmp_path / "q")
    counts = operator_counts(graph)
    assert counts["QAttention"] == (2 if fused else 0)
    matrices = [weight for weight in encoder.parameters() if weight.dim() == 2]
    segments = encoder.embeddings.segment.weight.numel()  # in the table of positions
    stored = weight_counts(graph)
    assert stored == {"int8": sum(matrix.numel() for matrix in matrices) - segments}


@pytest.mark.parametrize("fused", [True, False])
def test_layers_may_share_equal_weights(fused: bool) -> None:
    encoder = Encoder(TINY).eval()  # all biases 0, all norms 1: the exporter stores them once
    graph = made(encoder, fused=fused)
    counts = operator_counts(graph)
    assert (counts["Attention"], counts["Identity"]) == (2 if fused else 0, 0)
    assert difference(encoder, graph) < 1e-6


@pytest.mark.parametrize("fused", [True, False])
def test_behind_the_last_attention_only_the_first_token_is_computed(fused: bool) -> None:
    encoder = network()
    graph = onnx.shape_inference.infer_shapes(made(encoder, fused=fused))
    picks = [n for n in graph.graph.node if n.op_type == "Gather" and "first_token" in n.input]
    assert len(picks) == 2  # the attention's result, and the residual beside it
    wide = [n for n in graph.graph.node if n.op_type == "MatMul" and "layers.1/up" in n.name]
    shapes = {v.name: len(v.type.tensor_type.shape.dim) for v in graph.graph.value_info}
    if not fused:  # shape inference knows standard operators only
        assert shapes[wide[0].output[0]] == 2


def test_a_network_that_is_not_recognised_is_refused_by_name() -> None:
    encoder = network()
    graph = export_graph(encoder, 17, pairs=False)
    softmax = next(n for n in graph.graph.node if n.op_type == "Softmax")
    softmax.op_type = "LogSoftmax"
    with pytest.raises(StageError, match="fused 1 of 2 Attention; set `attention: unfused`"):
        fuse_attention(graph, encoder.config)


def test_a_graph_that_reads_another_token_is_left_alone() -> None:
    graph = export_graph(network(), 17, pairs=False)
    (pick,) = (n for n in graph.graph.node if n.op_type == "Gather" and "head" in n.name)
    graph.graph.initializer.append(onnx.helper.make_tensor("second", 7, [], [1]))  # 7: int64
    pick.input[1] = "second"
    before = operator_counts(graph)["Gather"]
    assert operator_counts(tidy(graph))["Gather"] == before


def test_a_product_of_two_activations_is_computed_for_all_tokens() -> None:
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["maps", "values"], ["mixed"]),
            helper.make_node("Gather", ["mixed", "index"], ["logits"], axis=1),
        ],
        "attention",
        [
            helper.make_tensor_value_info(name, floats, ["b", "s", "s"])
            for name in ("maps", "values")
        ],
        [helper.make_tensor_value_info("logits", floats, ["b", "s"])],
        [helper.make_tensor("index", onnx.TensorProto.INT64, [], [0])],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    maps, values = torch.rand(2, 3, 3), torch.rand(2, 3, 3)
    expected = torch.matmul(maps, values)[:, 0].numpy()
    np.testing.assert_allclose(answer(tidy(model), maps, values), expected, atol=1e-6)


def test_the_network_is_left_as_it_was() -> None:
    encoder = network()
    before = {name: weight.clone() for name, weight in encoder.state_dict().items()}
    export_graph(encoder, 17, pairs=False)
    assert not encoder.training
    assert not encoder.explicit_attention
    assert all(torch.equal(before[name], weight) for name, weight in encoder.state_dict().items())


def test_the_same_network_gives_the_same_bytes() -> None:
    first, second = (made(network(), fused=True).SerializeToString() for _ in range(2))
    assert first == second


def test_exporting_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(network(**COMPRESSED), fused=True)
    assert capfd.readouterr() == ("", "")
