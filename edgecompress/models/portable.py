"""A graph in standard ONNX operators alone, for engines that know no others.

onnxruntime has operators of its own, which are faster; what they compute is written out here.
Weights stay as they are stored, so an 8-bit graph stays one, and answers stay up to rounding.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edgecompress.models.nodes import MICROSOFT, attribute, copy_of

STANDARD = ("", "ai.onnx")


def portable(graph: ModelProto) -> ModelProto:
    """The same graph without the operators of onnxruntime that are known here; see `not_standard`.

    Opset 13 or later is needed: earlier ones name axes otherwise.
    """
    made = copy_of(graph)
    written = _Written(made)
    nodes = [new for node in made.graph.node for new in written.out(node)]
    del made.graph.node[:], made.graph.value_info[:]
    made.graph.node.extend(nodes)
    used = {node.domain for node in nodes}
    domains = [one for one in made.opset_import if one.domain in STANDARD or one.domain in used]
    del made.opset_import[:]
    made.opset_import.extend(domains)
    return made


def not_standard(graph: ModelProto) -> list[str]:
    """Names of the operators that an engine need not know."""
    return sorted({n.op_type for n in graph.graph.node if n.domain not in STANDARD})


@dataclass(frozen=True)
class _Written:
    """Writes operators out, and the constants that they need into the graph."""

    graph: ModelProto

    def out(self, node: NodeProto) -> Iterator[NodeProto]:
        """A node in standard operators, or as it is."""
        forms: Mapping[str, Callable[[NodeProto], Iterator[NodeProto]]] = {
            "Attention": self._attention,
            "QAttention": self._attention,
            "Gelu": self._gelu,
            "MatMulIntegerToFloat": self._real_product,
        }
        if node.domain == MICROSOFT and node.op_type in forms and not self._unusual(node):
            yield from forms[node.op_type](node)
        else:
            yield node

    def _attention(self, node: NodeProto) -> Iterator[NodeProto]:
        """softmax(query key' / sqrt(d) + mask) value, heads side by side; input [b, s, hidden]."""
        name, heads = node.output[0], attribute(node, "num_heads", 1)
        in_8_bits = node.op_type == "QAttention"
        yield from (self._projected_8_bits if in_8_bits else self._projected)(node, f"{name}/qkv")
        width = self._width(node.input[1])
        last, shape = self._put(f"{name}/last", [-1]), self._put(f"{name}/heads", [0, 0, heads, -1])
        for place, (part, axes) in enumerate(
            {"query": (0, 2, 1, 3), "key": (0, 2, 3, 1), "value": (0, 2, 1, 3)}.items()
        ):
            edges = [self._put(f"{name}/{part}/{e}", [e * width]) for e in (place, place + 1)]
            flat, split, done = (f"{name}/{part}/{step}" for step in ("flat", "split", "done"))
            yield helper.make_node("Slice", [f"{name}/qkv", *edges, last], [flat])
            yield helper.make_node("Reshape", [flat, shape], [split])
            yield helper.make_node("Transpose", [split], [done], perm=axes)
        one = 1 / sqrt(width // heads)
        scale = self._put(f"{name}/scale", np.float32(attribute(node, "scale", 0) or one))
        yield helper.make_node("Mul", [f"{name}/query/done", scale], [f"{name}/scaled"])
        yield helper.make_node("MatMul", [f"{name}/scaled", f"{name}/key/done"], [f"{name}/scores"])
        yield from self._mask_added(node, f"{name}/scores", f"{name}/masked")
        yield helper.make_node("Softmax", [f"{name}/masked"], [f"{name}/weights"], axis=-1)
        yield helper.make_node(
            "MatMul", [f"{name}/weights", f"{name}/value/done"], [f"{name}/context"]
        )
        yield helper.make_node(
            "Transpose", [f"{name}/context"], [f"{name}/merged"], perm=(0, 2, 1, 3)
        )
        flat = self._put(f"{name}/flat", [0, 0, -1])
        yield helper.make_node("Reshape", [f"{name}/merged", flat], [name], name=node.name)

    def _projected(self, node: NodeProto, out: str) -> Iterator[NodeProto]:
        """Query, key and value in one product of floats."""
        product = f"{out}/product"
        yield helper.make_node("MatMul", list(node.input[:2]), [product], name=product)
        yield helper.make_node("Add", [product, node.input[2]], [out])

    def _projected_8_bits(self, node: NodeProto, out: str) -> Iterator[NodeProto]:
        """The same of integers, scaled back."""
        a, b, bias, a_scale, b_scale, _, a_zero, b_zero = node.input[:8]
        yield from _scaled_product([a, b, a_zero, b_zero], [a_scale, b_scale], out)
        yield helper.make_node("Add", [f"{out}/product", bias], [out])

    def _real_product(self, node: NodeProto) -> Iterator[NodeProto]:
        """A product of integers, scaled back, with its bias if it has one."""
        a, b, a_scale, b_scale, a_zero, b_zero, *bias = node.input
        out = node.output[0]
        yield from _scaled_product([a, b, a_zero, b_zero], [a_scale, b_scale], out)
        yield helper.make_node("Sum", [f"{out}/product", *bias], [out], name=node.name)

    def _mask_added(self, node: NodeProto, scores: str, out: str) -> Iterator[NodeProto]:
        """Padding gets the lowest score; the mask is [b, s], 1 where there is a token."""
        far = np.float32(attribute(node, "mask_filter_value", -10_000.0))
        one, low = self._put(f"{out}/one", np.float32(1)), self._put(f"{out}/far", far)
        axes = self._put(f"{out}/axes", [1, 2])
        yield helper.make_node("Cast", [_mask(node)], [f"{out}/kept"], to=TensorProto.FLOAT)
        yield helper.make_node("Sub", [one, f"{out}/kept"], [f"{out}/gone"])
        yield helper.make_node("Mul", [f"{out}/gone", low], [f"{out}/added"])
        yield helper.make_node("Unsqueeze", [f"{out}/added", axes], [f"{out}/wide"])
        yield helper.make_node("Add", [scores, f"{out}/wide"], [out])

    def _gelu(self, node: NodeProto) -> Iterator[NodeProto]:
        """x (1 + erf(x / sqrt(2))) / 2."""
        given, name = node.input[0], node.output[0]
        root, one, half = (
            self._put(f"{name}/{key}", np.float32(value))
            for key, value in (("root", sqrt(2)), ("one", 1), ("half", 0.5))
        )
        yield helper.make_node("Div", [given, root], [f"{name}/scaled"])
        yield helper.make_node("Erf", [f"{name}/scaled"], [f"{name}/erf"])
        yield helper.make_node("Add", [f"{name}/erf", one], [f"{name}/above"])
        yield helper.make_node("Mul", [given, f"{name}/above"], [f"{name}/twice"])
        yield helper.make_node("Mul", [f"{name}/twice", half], [name], name=node.name)

    def _width(self, weight: str) -> int:
        """Of query, key and value each: a third of their common matrix [hidden, 3 width]."""
        (found,) = [w.dims[1] for w in self.graph.graph.initializer if w.name == weight]
        return int(found) // 3

    def _unusual(self, node: NodeProto) -> bool:
        """Whether attention is causal, has a past, another mask, or parts of unlike width; or a
        product leaves out its zeros.
        """
        if node.op_type == "Gelu":
            return False
        if node.op_type == "MatMulIntegerToFloat":
            return len(node.input) < 6 or not all(node.input)
        last_usual = 8 if node.op_type == "QAttention" else 4
        return bool(
            any(node.input[last_usual:])
            or attribute(node, "unidirectional", 0)
            or len(set(attribute(node, "qkv_hidden_sizes", ()))) > 1
            or not self._is_input(_mask(node))
        )

    def _is_input(self, value: str) -> bool:
        """Whether this is an input of the graph, but for its type; masks made of it differ."""
        makers = {made: node for node in self.graph.graph.node for made in node.output}
        while value in makers and makers[value].op_type == "Cast":
            value = makers[value].input[0]
        return any(value == given.name for given in self.graph.graph.input)

    def _put(self, name: str, value: Any) -> str:
        """A constant; whole numbers are axes and sizes."""
        self.graph.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def _scaled_product(operands: list[str], scales: list[str], out: str) -> Iterator[NodeProto]:
    """Integers a, b and their zeros multiplied, as OUT/product in floats."""
    yield helper.make_node("MatMulInteger", operands, [f"{out}/integers"])
    yield helper.make_node("Cast", [f"{out}/integers"], [f"{out}/floats"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", scales, [f"{out}/step"])
    yield helper.make_node("Mul", [f"{out}/floats", f"{out}/step"], [f"{out}/product"])


def _mask(node: NodeProto) -> str:
    place = 5 if node.op_type == "QAttention" else 3
    return node.input[place] if len(node.input) > place else ""
