"""A graph of QuantizeLinear and DequantizeLinear pairs, stored in the 8 bits that it speaks of.

torch exports such a graph with all weights as floats, and the arithmetic that makes 8-bit numbers
of them is done at every start. Here it is done once; matrices are turned the way in which products
read them, and tables that the quantizer left alone are rounded too.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from edgecompress.models.nodes import attribute

Array = NDArray[Any]  # of whatever numbers a graph holds

LAST_STEP = 255  # of unsigned 8 bits


def fold_weights(graph: ModelProto) -> None:
    """Do, in place, what constants alone decide; no answer changes.

    QuantizeLinear of a weight, and the Clip behind it, become a weight of integers; the Transpose
    behind its DequantizeLinear is done to the integers.
    """
    constants, nodes = _constants(graph), []
    readers = Counter(name for node in graph.graph.node for name in node.input)
    makers: dict[str, NodeProto] = {}
    for node in graph.graph.node:
        known = [constants[name] for name in node.input if name in constants]
        scaling = makers.get(node.input[0]) if node.op_type == "Transpose" else None
        if node.op_type == "QuantizeLinear" and len(known) == 3:
            constants[node.output[0]] = quantized(*known, axis=attribute(node, "axis", 1))
        elif node.op_type == "Clip" and len(known) == 3:
            constants[node.output[0]] = np.clip(*known)
        elif scaling and scaling.input[0] in constants and readers[node.input[0]] == 1:
            _turn(scaling, node.output[0], constants)
        else:
            nodes.append(node)
            makers |= {node.output[0]: node} if node.op_type == "DequantizeLinear" else {}
    _store(graph, constants, nodes)


def keep_products_whole(graph: ModelProto) -> None:
    """Write, in place, the bias of each 8-bit product as a Sum; no answer changes.

    Of a product of two axes and an Add, onnxruntime makes one Gemm before it looks for 8-bit pairs,
    and computes that in floats; so does it with a Gemm whose bias is a float.
    """
    constants, nodes = _constants(graph), []
    scaled = {
        node.output[0]: node
        for node in graph.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in constants
    }
    products = set()
    for node in graph.graph.node:
        if node.op_type == "Gemm" and node.input[1] in scaled:
            if attribute(node, "transB", 0):
                _turn(scaled[node.input[1]], node.input[1], constants)
            product = f"{node.output[0]}/product"
            nodes.append(helper.make_node("MatMul", node.input[:2], [product], product))
            nodes.append(helper.make_node("Sum", [product, node.input[2]], node.output, node.name))
            continue
        if node.op_type == "MatMul" and node.input[1] in scaled:
            products.add(node.output[0])
        if node.op_type == "Add" and products & set(node.input):
            node.op_type = "Sum"
        nodes.append(node)
    _store(graph, constants, nodes)


def round_tables(graph: ModelProto) -> None:
    """Store each table that is looked up as unsigned 8-bit numbers, in place."""
    constants, nodes = _constants(graph), []
    for node in graph.graph.node:
        table = constants.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.ndim != 2 or table.dtype != np.float32:
            nodes.append(node)
            continue
        name, out = node.input[0], node.output[0]
        scale, zero = asymmetric(table)
        rows, *how = (f"{name}/{part}" for part in ("rows", "scale", "zero"))
        constants |= {rows: quantized(table, scale, zero, axis=0), how[0]: scale, how[1]: zero}
        node.input[0], node.output[0] = rows, f"{out}/8bit"
        scaled = helper.make_node("DequantizeLinear", [f"{out}/8bit", *how], [out], f"{out}/scaled")
        nodes += [node, scaled]
    _store(graph, constants, nodes)


def without_origins(graph: ModelProto) -> None:
    """Drop, in place, what the exporter notes of the source lines and the machine it ran on."""
    for part in _parts(graph):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.graph.value_info[:]


def asymmetric(values: Array) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Scale and zero point, scalars, of 256 even steps from the least to the largest; 0 is one."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = np.array((high - low) / LAST_STEP or 1.0, np.float32)
    return scale, np.array(round(-low / float(scale)), np.uint8)


def quantized(values: Array, scale: Array, zero: Array, *, axis: int) -> Array:
    """What QuantizeLinear makes of an array, in the integers of `zero`.

    Args:
        values: floats of any shape.
        scale: a scalar, or one for each index along `axis`.
        zero: of the shape of `scale`.
        axis: counts only where `scale` is no scalar.
    """
    ends = np.iinfo(zero.dtype)
    if scale.ndim:
        shape = [-1 if at == axis % values.ndim else 1 for at in range(values.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    steps = np.rint(values / scale) + zero.astype(np.float32)
    whole: Array = np.clip(steps, ends.min, ends.max).astype(zero.dtype)
    return whole


def _turn(scaling: NodeProto, output: str, constants: dict[str, Array]) -> None:
    """Scale the transposed matrix, whose channels lie along its other axis."""
    axis = attribute(scaling, "axis", 1)
    matrix = scaling.input[0]
    constants[f"{matrix}/turned"] = constants[matrix].T
    scaling.input[0], scaling.output[0] = f"{matrix}/turned", output
    del scaling.attribute[:]
    scaling.attribute.append(helper.make_attribute("axis", 1 - axis))


def _constants(graph: ModelProto) -> dict[str, Array]:
    return {weight.name: numpy_helper.to_array(weight) for weight in graph.graph.initializer}


def _store(graph: ModelProto, constants: dict[str, Array], nodes: list[NodeProto]) -> None:
    """Write both back; a constant that nothing reads goes."""
    read = {name for node in nodes for name in node.input}
    kept = [numpy_helper.from_array(v, name) for name, v in constants.items() if name in read]
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(nodes)


def _parts(graph: ModelProto) -> Iterator[ModelProto]:
    """Everything that can carry notes."""
    body = graph.graph
    yield from (graph, body, *body.node, *body.input, *body.output, *body.initializer)
