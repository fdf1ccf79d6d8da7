"""Weights and what flows between them as 8-bit integers: onnxruntime's quantizers, our choices.

Activations are unsigned and weights signed, the one pairing for which onnxruntime has fast kernels
on every x86 CPU (signed with signed runs ten times slower). Only what has weights is quantized. The
scores of attention stay floating: the lowest number there is, which masks padding, would be one end
of their range.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper
from onnxruntime.quantization import QDQQuantizer, QuantizationMode, QuantType, TensorsData
from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from edgecompress.core.errors import StageError
from edgecompress.models.activations import Calibration
from edgecompress.models.fixed_ranges import fix_ranges
from edgecompress.models.nodes import copy_of
from edgecompress.models.onnx_graph import operator_counts
from edgecompress.models.portable import portable
from edgecompress.models.products import (
    split_attention,
    sum_biases,
    weighted,
    without_gemm,
)
from edgecompress.models.smoothing import Smoothed, fed_into, smooth
from edgecompress.models.weight_only import pack_products
from edgecompress.recipe.shipping import Quantize

TABLES = ("Gather",)
QUANTIZED = frozenset(
    {"DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "MatMulNBits", "QAttention"}
    | {"QuantizeLinear"}
)
EIGHT_BITS = (TensorProto.INT8, TensorProto.UINT8)


@dataclass(frozen=True)
class Prepared:
    """A floating graph and all that was measured on it: any of its operators can become 8 bits."""

    graph: ModelProto
    settings: Quantize
    ranges: TensorsData | None = None  # under `scheme: static`, of what is fed into products
    smoothed: Smoothed | None = None

    @property
    def operators(self) -> list[NodeProto]:
        """All that can be quantized under these settings."""
        tables = self.settings.embeddings
        return [n for n in weighted(self.graph) if tables or n.op_type not in TABLES]

    def quantized(self, floating: Collection[str] = ()) -> ModelProto:
        """The graph with all operators in 8 bits but those of these names."""
        chosen = [node for node in self.operators if node.name not in floating]
        if self.settings.scheme == "weights":
            tables = self._by_operators([node for node in chosen if node.op_type in TABLES])
            products = {node.name for node in chosen if node.op_type not in TABLES}
            return pack_products(tables, products, self.settings.bits, self.settings.block)
        if self.ranges is None:
            return self._by_operators(chosen)
        if self.settings.format == "qoperator":
            return fix_ranges(self._by_operators(chosen), self.ranges)
        return self._by_pairs(chosen)

    def _by_operators(self, chosen: list[NodeProto]) -> ModelProto:
        """Each operator replaced by one of integers, which finds the range of each answer."""
        if not chosen:
            return copy_of(self.graph)
        quantizer = ONNXQuantizer(
            copy_of(self.graph),
            self.settings.per_channel,
            self.settings.reduce_range,
            QuantizationMode.IntegerOps,
            False,  # not static
            QuantType.QInt8,
            QuantType.QUInt8,
            None,  # no ranges
            *_what_and_how(chosen),
        )
        return _made_by(quantizer)

    def _by_pairs(self, chosen: list[NodeProto]) -> ModelProto:
        """Standard operators between QuantizeLinear and DequantizeLinear, which engines fuse.

        What comes out of a product is not rounded once more: that moved six times as many labels.
        """
        quantizer = QDQQuantizer(
            copy_of(self.graph),
            self.settings.per_channel,
            self.settings.reduce_range,
            QuantType.QInt8,
            QuantType.QUInt8,
            self.ranges,
            *_what_and_how(chosen, OpTypesToExcludeOutputQuantization=["MatMul"]),
        )
        return _made_by(quantizer)


def prepare(graph: ModelProto, settings: Quantize, calibration: Calibration) -> Prepared:
    """Bring a graph into the form that the scheme quantizes, and measure what it needs to know.

    Raises:
        StageError: the graph is quantized already, or has nothing to quantize.
    """
    if found := QUANTIZED & operator_counts(graph).keys():
        raise StageError(
            f"quantize: the graph is quantized already ({', '.join(sorted(found))}); "
            "take one of the two `quantize` stages out of the recipe"
        )
    graph, smoothed, ranges = without_gemm(graph), None, None
    if not weighted(graph):
        raise StageError("quantize: the graph has no weights that can be stored in 8 bits")
    if settings.smooth is not None:
        maxima = calibration.channel_maxima(graph, list(fed_into(graph)))
        smoothed = smooth(graph, maxima, settings.smooth)
        graph = smoothed.graph
    if settings.scheme == "weights":
        graph = split_attention(graph)
    if settings.scheme == "static":
        graph = sum_biases(portable(graph)) if settings.format == "qdq" else graph
        ranges = calibration.ranges(graph, list(fed_into(graph)), settings.ranges)
        _declare_floats(graph, [*fed_into(graph), *(node.output[0] for node in weighted(graph))])
    add_pre_process_metadata(graph)  # onnxruntime would advise a clean-up that undoes our rewrites
    return Prepared(graph, settings, ranges, smoothed)


def quantize_dynamically(graph: ModelProto, settings: Quantize, target: Path) -> None:
    """Write what needs no texts: under `scheme: dynamic`, and without smoothing.

    Raises:
        StageError: the graph is quantized already, or has nothing to quantize.
    """
    onnx.save(prepare(graph, settings, Calibration(())).quantized(), target)


def weight_counts(graph: ModelProto) -> Counter[str]:
    """Elements of all matrices by how they are stored: "int4", "int8", "float"."""
    counts: Counter[str] = Counter()
    packed = [node for node in graph.graph.node if node.op_type == "MatMulNBits"]
    for node in packed:
        size = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        counts[f"int{size['bits']}"] += size["K"] * size["N"]
    counted = {name for node in packed for name in node.input}
    for weight in graph.graph.initializer:
        if len(weight.dims) > 1 and weight.name not in counted:
            kind = "int8" if weight.data_type in EIGHT_BITS else "float"
            counts[kind] += int(np.prod(weight.dims))
    return counts


def _what_and_how(chosen: list[NodeProto], **more: Any) -> list[Any]:
    """The last arguments of both quantizers: nodes to take, to leave, their kinds, and options."""
    # Shape inference knows nothing of fused operators: what it does not know is a float.
    options = {"DefaultTensorType": TensorProto.FLOAT, "MatMulConstBOnly": True, **more}
    return [[node.name for node in chosen], [], sorted({n.op_type for n in chosen}), options]


def _made_by(quantizer: QDQQuantizer | ONNXQuantizer) -> ModelProto:
    """What it makes, each operator behind those that it reads."""
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    made: ModelProto = quantizer.model.model
    return made


def _declare_floats(graph: ModelProto, values: Collection[str]) -> None:
    """Say so where shape inference, which does not know onnxruntime's operators, cannot tell."""
    known = {info.name for info in graph.graph.value_info}
    graph.graph.value_info.extend(
        helper.make_tensor_value_info(value, TensorProto.FLOAT, None)
        for value in values
        if value not in known
    )
