"""SmoothQuant: activations with more even channels, paid for by the weights behind them.

One scale for a whole activation is wasted where a few channels are far larger than the others.
Each channel is divided by a factor, and the rows of the matrix that read it are multiplied by it.
All factors are powers of two, so the floating answers stay the same to the last bit.

The division costs nothing where what makes the channels can be divided instead: a product, a norm
that nothing else reads, and values, which attention only mixes within their channel. A norm whose
result is also added to a residual cannot be divided: the next norm would see another sum. Neither
can GELU's argument. There the division is an operator of its own.

Source: Xiao et al. (2023), SmoothQuant, arXiv:2211.10438, equation 4.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from edgecompress.core.case import FloatArray
from edgecompress.models.nodes import copy_of
from edgecompress.models.products import WEIGHT_AT, weighted

HEADS_APART = [0, 2, 1, 3]
# From what heads give together back to the values: operator, and which of its inputs to follow.
THROUGH_HEADS = (("Reshape", 0), ("Transpose", 0), ("MatMul", 1), ("Transpose", 0), ("Reshape", 0))

Change = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Smoothed:
    """The smoothed graph, and how many activations were divided at which cost."""

    graph: ModelProto
    folded: int
    divided: int


def fed_into(graph: ModelProto) -> dict[str, list[NodeProto]]:
    """Activation -> the products that read it."""
    found = defaultdict(list)
    for node in weighted(graph):
        if node.op_type != "Gather":
            found[node.input[0]].append(node)
    return dict(found)


def smooth(graph: ModelProto, maxima: Mapping[str, FloatArray], alpha: float) -> Smoothed:
    """Divide what is fed into products, where that makes it more even.

    Args:
        graph: left as it is.
        maxima: activation -> largest magnitude of each channel, [channels].
        alpha: how much of the difficulty goes to the weights; 0 none, 1 all of it.
    """
    rewrite = _Rewrite(copy_of(graph))
    for value, products in fed_into(rewrite.graph).items():
        factors = _factors(maxima[value], [rewrite.weight(node, 1) for node in products], alpha)
        rewrite.divide(value, products, factors)
    return Smoothed(rewrite.graph, rewrite.folded, rewrite.divided)


def _factors(maxima: FloatArray, weights: list[FloatArray], alpha: float) -> FloatArray:
    """[channels]; 1 where a channel is never used or never read."""
    read = np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0)
    used = (maxima > 0) & (read > 0)
    wanted = np.ones_like(maxima, dtype=np.float64)
    wanted[used] = maxima[used] ** float(alpha) / read[used] ** (1 - float(alpha))
    rounded: FloatArray = np.exp2(np.round(np.log2(wanted))).astype(np.float32)
    return rounded


class _Part(NamedTuple):
    """Numbers of one weight, along its last axis, that make certain channels."""

    node: NodeProto
    place: int
    part: slice = slice(None)


class _Rewrite:
    """One graph while it is smoothed."""

    def __init__(self, graph: ModelProto) -> None:
        self.graph = graph
        self.folded = self.divided = 0
        self._weights = {weight.name: weight for weight in graph.graph.initializer}
        self._makers = {value: node for node in graph.graph.node for value in node.output}
        self._uses = Counter(
            value for node in graph.graph.node if node.op_type != "Shape" for value in node.input
        )

    def weight(self, node: NodeProto, place: int) -> FloatArray:
        """A copy of what the node reads there."""
        return np.array(numpy_helper.to_array(self._weights[node.input[place]]))

    def divide(self, value: str, products: list[NodeProto], factors: FloatArray) -> None:
        """Divide a value by its factors [channels], for these products alone."""
        if (factors == 1).all():
            return
        parts = self._parts(value, uses=len(products))
        if parts:
            self.folded += 1
            for part in parts:
                self._change(part, lambda numbers: numbers / factors)
        else:
            self.divided += 1
            self._divide_behind(value, products, factors)
        for node in products:
            self._change(_Part(node, WEIGHT_AT["MatMul"]), lambda rows: rows * factors[:, None])

    def _parts(self, value: str, uses: int = 1) -> list[_Part]:
        """The weights to divide so that the value is divided and nothing else; none if none do."""
        node = self._makers.get(value)
        if node is None or self._uses[value] != uses:
            return []
        given = [place for place, name in enumerate(node.input) if name in self._weights]
        if node.op_type == "MatMul" and given == [1]:
            return [_Part(node, 1)]
        if node.op_type == "LayerNormalization":
            return [_Part(node, 1), _Part(node, 2)]
        if node.op_type == "Attention":
            values = slice(2 * self._weights[node.input[1]].dims[1] // 3, None)
            return [_Part(node, 1, values), _Part(node, 2, values)]
        if node.op_type == "Add" and len(given) == 1:
            before = self._parts(node.input[1 - given[0]])
            return [*before, _Part(node, given[0])] if before else []
        if node.op_type == "Relu" or (node.op_type == "Gather" and 0 not in given):
            return self._parts(node.input[0])
        return self._parts(behind) if (behind := self._behind_heads(value)) else []

    def _behind_heads(self, value: str) -> str | None:
        """What attention in single operators mixes, channel by channel, into this value."""
        for operator, place in THROUGH_HEADS:
            node = self._makers.get(value)
            if node is None or node.op_type != operator or self._uses[value] != 1:
                return None
            if operator == "Transpose" and _axes(node) != HEADS_APART:
                return None
            value = node.input[place]
        return value

    def _change(self, where: _Part, change: Change) -> None:
        """Change a weight; one that other operators read as well is copied before."""
        name = where.node.input[where.place]
        numbers = self.weight(where.node, where.place)
        numbers[..., where.part] = change(numbers[..., where.part])
        if self._uses[name] == 1:
            self._weights[name].CopyFrom(numpy_helper.from_array(numbers, name))
            return
        self._uses[name] -= 1
        own = f"{where.node.name}/{where.place}"
        where.node.input[where.place] = self._constant(own, numbers)

    def _divide_behind(
        self, value: str, products: list[NodeProto], factors: NDArray[np.float32]
    ) -> None:
        """By an operator of its own, right before the first product."""
        name = f"{value}/even"
        divisor = self._constant(f"{name}/by", np.reciprocal(factors))
        nodes = self.graph.graph.node
        at = next(at for at, node in enumerate(nodes) if node.name == products[0].name)
        nodes.insert(at, helper.make_node("Mul", [value, divisor], [name], name=name))
        for node in products:
            node.input[0] = name

    def _constant(self, name: str, numbers: FloatArray) -> str:
        self.graph.graph.initializer.append(numpy_helper.from_array(numbers, name))
        self._weights[name] = self.graph.graph.initializer[-1]
        self._uses[name] = 1
        return name


def _axes(transpose: NodeProto) -> list[int]:
    (axes,) = (helper.get_attribute_value(one) for one in transpose.attribute)
    return list(axes)
