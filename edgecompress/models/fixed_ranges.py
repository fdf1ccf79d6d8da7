"""A dynamic 8-bit graph whose ranges are known beforehand: integers go in, floats come out.

Each activation is rounded once, by a fixed range, and what comes out of a product is not rounded
again, as QLinearMatMul would. Product, scale and bias become one operator of onnxruntime's.
"""

from collections import Counter

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnxruntime.quantization import TensorsData

from edgecompress.models.nodes import MICROSOFT

STEPS = 255  # between the lowest and the highest of unsigned 8 bits


def fix_ranges(graph: ModelProto, ranges: TensorsData) -> ModelProto:
    """Give every activation that is rounded its range; the graph is changed and given back."""
    rewrite = _Rewrite(graph)
    for node in graph.graph.node:
        if node.op_type == "DynamicQuantizeLinear":
            rewrite.round(node, ranges)
        elif (product := rewrite.product_of(node)) is not None:
            rewrite.merge(node, product)
    nodes = [rewrite.instead.get(node.output[0], node) for node in graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(node for node in nodes if node is not None)
    return graph


class _Rewrite:
    """One graph while its ranges are fixed."""

    def __init__(self, graph: ModelProto) -> None:
        self.instead: dict[str, NodeProto | None] = {}  # by what the old node put out; None: gone
        self._constants = graph.graph.initializer
        self._known = {weight.name for weight in self._constants}
        self._makers = {value: node for node in graph.graph.node for value in node.output}
        self._readers = {name: node for node in graph.graph.node for name in node.input}
        self._uses = Counter(name for node in graph.graph.node for name in node.input)

    def round(self, dynamic: NodeProto, ranges: TensorsData) -> None:
        """The step and the zero that the dynamic operator would work out become constants."""
        value, (rounded, step, zero) = dynamic.input[0], dynamic.output
        low, high = (float(bound) for bound in ranges[value].range_value)
        low, high = min(low, 0.0), max(high, 0.0)
        size = np.float32((high - low) / STEPS or 1.0)
        self._constants.append(numpy_helper.from_array(size, step))
        self._constants.append(numpy_helper.from_array(np.uint8(round(-low / size)), zero))
        self.instead[rounded] = helper.make_node(
            "QuantizeLinear", [value, step, zero], [rounded], name=dynamic.name
        )

    def product_of(self, node: NodeProto) -> NodeProto | None:
        """The product of integers whose sums this node makes real, if it does."""
        cast = self._makers.get(node.input[0]) if node.op_type == "Mul" else None
        product = self._makers.get(cast.input[0]) if cast and cast.op_type == "Cast" else None
        return product if product and product.op_type == "MatMulInteger" else None

    def merge(self, scaled: NodeProto, product: NodeProto) -> None:
        """Product, scale, and the bias where nothing else reads what it is added to, in one."""
        numbers, weight, zero, weight_zero = product.input
        steps, output = self._makers[scaled.input[1]], scaled.output[0]
        inputs = [numbers, weight, *steps.input, zero, weight_zero]
        gone = [product.output[0], scaled.input[0], steps.output[0]]
        reader = self._readers.get(output)
        if reader and reader.op_type == "Add" and self._uses[output] == 1:
            bias = [name for name in reader.input if name in self._known]
            if bias:
                inputs, output = [*inputs, *bias], reader.output[0]
                gone.append(output)
        self.instead |= dict.fromkeys(gone)
        self.instead[scaled.output[0]] = helper.make_node(
            "MatMulIntegerToFloat", inputs, [output], name=product.name, domain=MICROSOFT
        )
