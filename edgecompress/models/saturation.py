"""An 8-bit graph as x86 CPUs without VNNI compute it, for every CPU to run.

There, onnxruntime multiplies unsigned activations with signed weights by one instruction
(vpmaddubsw) that adds every two neighbouring products in 16 bits, and takes the nearest number that
fits where the sum does not. Here the pairs of weights that can come so far are looked up, and what
their sums lose is added to the exact product.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edgecompress.core.errors import MeasureError
from edgecompress.models.nodes import attribute
from edgecompress.models.portable import portable

LOWEST, HIGHEST = -32_768.0, 32_767.0
LARGEST_ACTIVATION = 255

# 8-bit products that other tools write and that are not understood here.
UNKNOWN = frozenset(
    {"ConvInteger", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"}
    | {"MatMulNBits", "QAttention", "QGemm", "QLinearConv"}
)

Int8Matrix = NDArray[np.int8]


def saturating(graph: ModelProto) -> ModelProto | None:
    """The same graph with saturating products; None where no pair of its weights can saturate.

    Raises:
        MeasureError: it has 8-bit products that are not understood here.
    """
    single = portable(graph)
    if found := UNKNOWN & {node.op_type for node in single.graph.node}:
        raise MeasureError(
            f"saturation of {', '.join(sorted(found))} is not known; quantize to MatMulInteger, "
            "QLinearMatMul or QDQ"
        )
    rewrite = _Rewrite(single)
    return rewrite.graph if rewrite.products() else None


@dataclass
class _Rewrite:
    """One graph while it changes: its constants, who makes what, and the nodes in new order."""

    graph: ModelProto
    nodes: list[NodeProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        body = self.graph.graph
        self.constants = {weight.name: weight for weight in body.initializer}
        self.makers = {value: node for node in body.node for value in node.output}

    def products(self) -> int:
        """Rewrite all products that can saturate, and say how many there were."""
        forms: Mapping[str, Callable[[NodeProto, str], Iterator[NodeProto]]] = {
            "MatMulInteger": self._integer,
            "QLinearMatMul": self._requantized,
            "MatMul": self._dequantized,
            "Gemm": self._dequantized,
        }
        rewritten = 0
        for node in list(self.graph.graph.node):
            lost = self._lost(node) if node.op_type in forms else None
            if lost is None:
                self.nodes.append(node)
            else:
                rewritten += 1
                self.nodes.extend(forms[node.op_type](node, lost))
        del self.graph.graph.node[:], self.graph.graph.value_info[:]
        self.graph.graph.node.extend(self.nodes)
        return rewritten

    def _lost(self, node: NodeProto) -> str | None:
        """Write how far each output of the product falls from the exact one: float [..., n]."""
        activations, weight = self._operands(node)
        if weight is None or not self._unsigned(activations):
            return None
        left, right, rows = _risky(weight)
        if not rows.size:
            return None
        name = f"{node.output[0]}/saturation"
        ones = np.ones(rows.shape[1], np.float32)
        places = {"even": 2 * rows, "odd": 2 * rows + 1, "left": left, "right": right, "ones": ones}
        even, odd, left_name, right_name, one = (
            self._constant(f"{name}/{key}", value) for key, value in places.items()
        )
        low, high = (self._constant(f"{name}/{v:g}", np.float32(v)) for v in (LOWEST, HIGHEST))
        self._write("Cast", [activations], f"{name}/as_float", to=TensorProto.FLOAT)
        for index, factor, side in ((even, left_name, "a"), (odd, right_name, "b")):
            self._write("Gather", [f"{name}/as_float", index], f"{name}/{side}", axis=-1)
            self._write("Mul", [f"{name}/{side}", factor], f"{name}/{side}_product")
        self._write("Add", [f"{name}/a_product", f"{name}/b_product"], f"{name}/exact")
        self._write("Clip", [f"{name}/exact", low, high], f"{name}/clipped")
        self._write("Sub", [f"{name}/clipped", f"{name}/exact"], f"{name}/each")
        self._write("MatMul", [f"{name}/each", one], name)
        return name

    def _operands(self, node: NodeProto) -> tuple[str, Int8Matrix | None]:
        """The 8-bit activations [..., k] of a product and its weights [k, n], where they are so."""
        if node.op_type in ("MatMul", "Gemm"):
            sides = [self.makers.get(name) for name in node.input[:2]]
            if any(side is None or side.op_type != "DequantizeLinear" for side in sides):
                return "", None
            activations, weight = (side.input[0] for side in sides if side is not None)
            turned = bool(attribute(node, "transB", 0))
        else:
            activations, turned = node.input[0], False
            weight = node.input[3 if node.op_type == "QLinearMatMul" else 1]
        stored = self.constants.get(weight)
        if stored is None or stored.data_type != TensorProto.INT8 or len(stored.dims) != 2:
            return "", None
        matrix = numpy_helper.to_array(stored)
        return activations, matrix.T if turned else matrix

    def _unsigned(self, value: str) -> bool:
        """Whether an 8-bit activation is unsigned, as its quantizer says."""
        maker = self.makers.get(value)
        if maker is None or maker.op_type == "DynamicQuantizeLinear":
            return maker is not None
        if maker.op_type not in ("QuantizeLinear", "QLinearMatMul"):
            return False
        zero = self.constants.get(maker.input[-1])  # both name it last
        return len(maker.input) in (3, 8) and zero is not None and _is_unsigned(zero)

    def _integer(self, node: NodeProto, lost: str) -> Iterator[NodeProto]:
        """Exact 32-bit product, and what is lost."""
        out, exact = node.output[0], f"{lost}/product"
        yield _renamed(node, exact)
        yield helper.make_node("Cast", [lost], [f"{lost}/int32"], to=TensorProto.INT32)
        yield helper.make_node("Add", [exact, f"{lost}/int32"], [out])

    def _requantized(self, node: NodeProto, lost: str) -> Iterator[NodeProto]:
        """A product that goes on as 8 bits: its sums in 32 bits, scaled and quantized."""
        a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = node.input
        floats, sums, step = f"{lost}/floats", f"{lost}/sums", f"{lost}/step"
        yield helper.make_node("MatMulInteger", [a, b, a_zero, b_zero], [f"{lost}/product"])
        yield helper.make_node("Cast", [f"{lost}/product"], [floats], to=TensorProto.FLOAT)
        yield helper.make_node("Add", [floats, lost], [sums])
        yield helper.make_node("Mul", [a_scale, b_scale], [step])
        yield helper.make_node("Mul", [sums, step], [f"{lost}/float"])
        yield helper.make_node(
            "QuantizeLinear", [f"{lost}/float", scale, zero], [node.output[0]], name=node.name
        )

    def _dequantized(self, node: NodeProto, lost: str) -> Iterator[NodeProto]:
        """A product between DequantizeLinears, in floats: what is lost, in its scale."""
        out, exact = node.output[0], f"{lost}/product"
        a_scale, b_scale = (self.makers[name].input[1] for name in node.input[:2])
        yield _renamed(node, exact)
        yield helper.make_node("Mul", [a_scale, b_scale], [f"{lost}/scale"])
        yield helper.make_node("Mul", [lost, f"{lost}/scale"], [f"{lost}/float"])
        yield helper.make_node("Add", [exact, f"{lost}/float"], [out])

    def _constant(self, name: str, value: Any) -> str:
        self.graph.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _write(self, operator: str, inputs: list[str], output: str, **settings: Any) -> None:
        self.nodes.append(helper.make_node(operator, inputs, [output], **settings))


def _risky(
    weight: Int8Matrix,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """For each column the pairs of rows whose sum can leave 16 bits.

    Returns:
        Even row's weight, odd row's weight and number of the pair, [n, most]; columns with fewer
        such pairs are filled up with zeros. [n, 0] where there are none.
    """
    k, n = weight.shape
    wide = np.zeros((k + k % 2, n), np.float32)
    wide[:k] = weight
    even, odd = wide[0::2].T, wide[1::2].T
    highest = LARGEST_ACTIVATION * (np.maximum(even, 0) + np.maximum(odd, 0))
    lowest = LARGEST_ACTIVATION * (np.minimum(even, 0) + np.minimum(odd, 0))
    risky = (highest > HIGHEST) | (lowest < LOWEST)
    most = int(risky.sum(axis=1).max(initial=0))
    first = np.argsort(~risky, axis=1, kind="stable")[:, :most].astype(np.int64)
    kept = np.take_along_axis(risky, first, axis=1)
    left, right = (np.take_along_axis(side, first, axis=1) * kept for side in (even, odd))
    return left, right, first * kept


def _renamed(node: NodeProto, output: str) -> NodeProto:
    copy = NodeProto.FromString(node.SerializeToString())
    copy.output[0] = output
    return copy


def _is_unsigned(zero_point: TensorProto) -> bool:
    return bool(zero_point.data_type == TensorProto.UINT8)
