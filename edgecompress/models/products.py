"""The operators of a graph that hold weights, in the one form that all quantizers start from."""

import onnx
from onnx import ModelProto, NodeProto, helper
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.quant_utils import save_and_reload_model_with_shape_infer

from edgecompress.models.nodes import MICROSOFT, copy_of

WEIGHT_AT = {"MatMul": 1, "Attention": 1, "Gather": 0}  # operator -> place of its matrix or table
OUTPUT = "_output_0"  # how the exporter ends the names of values
HEAD_SETTINGS = ("num_heads", "mask_filter_value", "scale")  # that both attention operators know


def weighted(graph: ModelProto) -> list[NodeProto]:
    """Products with constant matrices, fused attention, look-ups in constant tables; in order."""
    matrices = {
        weight.name
        for weight in graph.graph.initializer
        if len(weight.dims) == 2 and weight.data_type == onnx.TensorProto.FLOAT
    }
    return [
        node
        for node in graph.graph.node
        if node.op_type in WEIGHT_AT and node.input[WEIGHT_AT[node.op_type]] in matrices
    ]


def place_of(node: NodeProto) -> str:
    """Where in the network an operator stands, as a reader would say it: layers.0/attention/out."""
    path: str = node.name if "/" in node.name else node.output[0]
    parents = path.removeprefix("/encoder/").split("/")[:-1]
    return "/".join(part for part in parents if not part.endswith(OUTPUT)) or str(node.name)


def without_gemm(graph: ModelProto) -> ModelProto:
    """The same with each Gemm as a MatMul and an Add, as onnxruntime's quantizer writes them."""
    model = ONNXModel(save_and_reload_model_with_shape_infer(graph))
    model.replace_gemm_with_matmul()
    changed: ModelProto = model.model
    return changed


def split_attention(graph: ModelProto) -> ModelProto:
    """The same with the one matrix of query, key and value outside of the attention operator.

    What is left of the operator has no weights, so that its products can be quantized as any other
    while scores and mask stay floating.
    """
    changed = copy_of(graph)
    del changed.graph.node[:]
    for node in graph.graph.node:
        changed.graph.node.extend(_split(node) if node.op_type == "Attention" else [node])
    return changed


def sum_biases(graph: ModelProto) -> ModelProto:
    """The same with biases of products written as Sum, which is Add by another name.

    From MatMul and Add onnxruntime makes Gemm, where there is one token, and of Gemm between
    DequantizeLinears it then makes no product of integers.
    """
    changed = copy_of(graph)
    products = {node.output[0] for node in graph.graph.node if node.op_type == "MatMul"}
    for node in changed.graph.node:
        if node.op_type == "Add" and products.intersection(node.input):
            node.op_type = "Sum"
    return changed


def _split(attention: NodeProto) -> list[NodeProto]:
    states, weight, bias, mask = attention.input[:4]
    place = attention.output[0].rpartition("/")[0]
    product, joined = f"{place}/qkv/MatMul", f"{place}/qkv/Add"
    parts = [f"{place}/{part}" for part in ("query", "key", "value")]
    settings = {
        one.name: helper.get_attribute_value(one)
        for one in attention.attribute
        if one.name in HEAD_SETTINGS
    }
    return [
        helper.make_node("MatMul", [states, weight], [f"{product}_output_0"], name=product),
        helper.make_node("Add", [f"{product}_output_0", bias], [f"{joined}_output_0"], name=joined),
        helper.make_node(
            "Split", [f"{joined}_output_0"], parts, name=f"{place}/qkv/Split", axis=-1
        ),
        helper.make_node(
            "MultiHeadAttention",
            [*parts, "", mask],
            attention.output,
            name=f"{place}/MultiHeadAttention",
            domain=MICROSOFT,
            **settings,
        ),
    ]
