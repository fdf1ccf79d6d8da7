"""A torch encoder as an ONNX graph that onnxruntime answers from quickly on a CPU.

The exporter's graph is correct and slow. What is changed here leaves every answer as it is:
attention becomes one operator a layer, and what only the first token needs is computed only for it.
"""

import io
import logging
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TypeVar

import onnx
import torch
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.transformers.fusion_options import AttentionMaskFormat, FusionOptions
from onnxruntime.transformers.optimizer import optimize_by_fusion
from torch import Tensor, nn

from edgecompress.core.errors import StageError
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.nodes import MICROSOFT, attribute
from edgecompress.models.own_encoder import OwnEncoder

Own = TypeVar("Own", bound=OwnEncoder)

EXAMPLE_TOKENS = 7  # of the traced batch; both axes stay free
FUSION_LOG = "fusion_attention"

# Operators whose result at one token needs their input at that token alone.
TOKENWISE = frozenset(
    {"Add", "BiasGelu", "Div", "Erf", "FastGelu", "Gelu", "LayerNormalization"}
    | {"MatMul", "Mul", "Pow", "Relu", "Sigmoid", "Sqrt", "Sum", "Tanh"}
    | {"DequantizeLinear", "QuantizeLinear"}  # of a graph whose ranges are constants
)


class Logits(nn.Module):
    """The forward to trace: positional tensors in, one tensor out."""

    def __init__(self, encoder: OwnEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor | None = None) -> Tensor:
        logits: Tensor = self.encoder(ids, mask, types).logits
        return logits


def export_graph(encoder: OwnEncoder, opset: int, *, pairs: bool) -> ModelProto:
    """Trace input_ids, attention_mask[, token_type_ids] -> logits, with free batch and length.

    Args:
        encoder: left as it is.
        opset: version of the standard operators.
        pairs: keep token_type_ids, where the network has them. Single texts are all of type 0, so
            that type's row goes into the position table and the input is gone.
    """
    network = exportable(encoder, pairs=pairs)
    names = ["input_ids", "attention_mask"]
    ids = torch.ones((2, EXAMPLE_TOKENS), dtype=torch.int64)
    inputs = [ids, torch.ones_like(ids)]
    if network.embeddings.segment is not None:
        names.append("token_type_ids")
        inputs.append(torch.zeros_like(ids))
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that replaces this one gives graphs in which onnxruntime fuses nothing.
        warnings.filterwarnings("ignore", re.escape("You are using the legacy TorchScript"))
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        torch.onnx.export(
            Logits(network).eval(),
            tuple(inputs),
            file,  # type: ignore[arg-type]  # undeclared, but this exporter takes one
            input_names=names,
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=opset,
            dynamo=False,
        )
    return onnx.load_from_string(file.getvalue())


def fuse_attention(graph: ModelProto, config: EncoderConfig) -> ModelProto:
    """One Attention operator a layer, instead of some twenty.

    The operator holds query, key and value as one matrix, and is recognised by the output matrix
    behind it. A layer that stores one of the four as two factors keeps its single operators.

    Three other fusions that onnxruntime offers are left out, because they cost time or accuracy:
    its SkipLayerNormalization is several times slower than a sum and a LayerNormalization; BiasGelu
    takes a bias which the 8-bit product before it would add for nothing; and the 8-bit form of
    EmbedLayerNormalization rounds the weights of the norm as well.

    Raises:
        StageError: a layer's arithmetic was not recognised.
    """
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = False
    options.enable_bias_skip_layer_norm = False
    options.enable_bias_gelu = False
    options.enable_embed_layer_norm = False
    options.attention_mask_format = AttentionMaskFormat.AttentionMask  # padding may stand anywhere
    logging.getLogger(FUSION_LOG).setLevel(logging.ERROR)  # it warns of layers with fewer heads
    fused: ModelProto = optimize_by_fusion(graph, "bert", optimization_options=options).model
    if MICROSOFT not in {imported.domain for imported in fused.opset_import}:
        fused.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    counts = operator_counts(fused)
    for operator, number in config.fusions.items():
        if counts[operator] != number:
            raise StageError(
                f"export: onnxruntime fused {counts[operator]} of {number} {operator}; "
                "set `attention: unfused`"
            )
    return fused


def tidy(graph: ModelProto) -> ModelProto:
    """The last, exact rewrites; raises nothing, and leaves alone what it does not recognise."""
    _name_once(graph)
    _sum_residuals(graph)
    _answer_from_first_token(graph)
    _drop_unused(graph)
    del graph.graph.value_info[:]
    return graph


def operator_counts(graph: ModelProto) -> Counter[str]:
    """How often each operator stands in the graph, constants left out."""
    return Counter(node.op_type for node in graph.graph.node if node.op_type != "Constant")


def exportable(encoder: Own, *, pairs: bool) -> Own:
    """An equal network with explicit attention, position 0 in row 0, and no idle segment table."""
    config, weights = encoder.config, encoder.state_dict()
    segments = config.type_vocab if pairs and config.type_vocab > 1 else 0
    positions = weights["embeddings.position.weight"][config.position_offset :]
    if config.type_vocab and not segments:
        positions = positions + weights.pop("embeddings.segment.weight")[0]
    rows = len(positions)
    fitting = replace(config, type_vocab=segments, max_positions=rows, position_offset=0)
    network = type(encoder)(fitting)
    network.load_state_dict({**weights, "embeddings.position.weight": positions})
    network.explicit_attention = True
    return network.eval()


def _name_once(graph: ModelProto) -> None:
    """Read equal weights, which the exporter stores once, without the Identity in between."""
    for node in [node for node in graph.graph.node if node.op_type == "Identity"]:
        _replace_input(graph, node.output[0], node.input[0])
        graph.graph.node.remove(node)


def _sum_residuals(graph: ModelProto) -> None:
    """Write what enters a norm as Sum, which is Add by another name.

    From Add, onnxruntime makes the slow SkipLayerNormalization by itself while it loads an 8-bit
    graph.
    """
    makers = {value: node for node in graph.graph.node for value in node.output}
    for node in graph.graph.node:
        if node.op_type == "LayerNormalization" and makers[node.input[0]].op_type == "Add":
            makers[node.input[0]].op_type = "Sum"


def _answer_from_first_token(graph: ModelProto) -> None:
    """Pick the first token right behind the last attention instead of before the head.

    All that lies between works on each token alone, and no other token's result is ever read.
    """
    nodes, constants = graph.graph.node, _constants(graph)
    picks = [node for node in nodes if _picks_first_token(node, constants)]
    if len(picks) != 1:
        return
    behind = _read_by_first_token_only(graph, picks[0], constants.keys())
    if picks[0].input[0] not in behind:
        return
    moved: dict[str, NodeProto] = {}
    for node in nodes:
        if node.output[0] in behind:
            for place, name in enumerate(node.input):
                if name not in constants and name not in behind:
                    moved.setdefault(name, _first_of(name))
                    node.input[place] = moved[name].output[0]
    _replace_input(graph, picks[0].output[0], picks[0].input[0])
    ordered = []
    for node in nodes:
        if node.output[0] != picks[0].output[0]:
            ordered.append(node)
        ordered += [moved[value] for value in node.output if value in moved]
    graph.graph.initializer.append(helper.make_tensor("first_token", TensorProto.INT64, [], [0]))
    del graph.graph.node[:]
    graph.graph.node.extend(ordered)


def _read_by_first_token_only(
    graph: ModelProto, pick: NodeProto, constants: Collection[str]
) -> set[str]:
    """Values made token by token, of which only the first token's reaches `pick`."""
    readers = defaultdict(set)
    for node in graph.graph.node:
        for name in node.input:
            readers[name].add(node.output[0])
    behind = {pick.output[0]}
    for node in reversed(graph.graph.node):
        value = node.output[0]
        if node.op_type == "MatMul" and node.input[1] not in constants:
            continue  # a product of two activations mixes tokens
        if node.op_type in TOKENWISE and readers[value] and readers[value] <= behind:
            behind.add(value)
    return behind - {pick.output[0]}


def _first_of(value: str) -> NodeProto:
    name = f"{value}/first_token"
    return helper.make_node("Gather", [value, "first_token"], [name], name=name, axis=1)


def _replace_input(graph: ModelProto, old: str, new: str) -> None:
    for node in graph.graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new


def _drop_unused(graph: ModelProto) -> None:
    """Constants that no operator reads any more."""
    used = {name for node in graph.graph.node for name in node.input}
    weights = [weight for weight in graph.graph.initializer if weight.name in used]
    nodes = [n for n in graph.graph.node if n.op_type != "Constant" or n.output[0] in used]
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(weights)
    graph.graph.node.extend(nodes)


def _constants(graph: ModelProto) -> dict[str, TensorProto]:
    """By name; an 8-bit weight also by the name of what its scale makes of it."""
    made = {n.output[0]: attribute(n, "value") for n in graph.graph.node if n.op_type == "Constant"}
    stored = made | {weight.name: weight for weight in graph.graph.initializer}
    scaled = [node for node in graph.graph.node if node.op_type == "DequantizeLinear"]
    return stored | {n.output[0]: stored[n.input[0]] for n in scaled if n.input[0] in stored}


def _picks_first_token(node: NodeProto, constants: Mapping[str, TensorProto]) -> bool:
    """Whether it reads index 0 of axis 1 of an activation [b, s, hidden]."""
    if node.op_type != "Gather" or node.input[0] in constants or attribute(node, "axis") != 1:
        return False
    index = constants.get(node.input[1])
    return index is not None and numpy_helper.to_array(index).tolist() == 0
