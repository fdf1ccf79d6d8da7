"""Weights and what flows between them as 8-bit integers: onnxruntime's quantizer, our choices.

Activations are unsigned and weights signed, the one pairing for which onnxruntime has fast kernels
on every x86 CPU (signed with signed runs ten times slower). Ranges are plain minima and maxima:
histogram methods clip the few large activations that a transformer needs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from edgecompress.core.errors import StageError
from edgecompress.models.onnx_graph import operator_counts
from edgecompress.recipe.shipping import Quantize

Feed = Mapping[str, np.ndarray[Any, np.dtype[np.int64]]]  # by input name, each [b, s]

PRODUCTS = ("MatMul", "Gemm")
QUANTIZED = frozenset({"DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QAttention"})
EIGHT_BITS = (TensorProto.INT8, TensorProto.UINT8)


def quantize_dynamically(graph: ModelProto, settings: Quantize, target: Path) -> None:
    """Weights now, activations when they come: one range for each tensor of each answer.

    Raises:
        StageError: the graph is quantized already, or has nothing to quantize.
    """
    _require_floating(graph)
    operators = ["MatMul", "Attention"] + (["Gather"] if settings.embeddings else [])
    quantize_dynamic(
        graph,
        target,
        op_types_to_quantize=operators,
        per_channel=settings.per_channel,
        reduce_range=settings.reduce_range,
        weight_type=QuantType.QInt8,
        extra_options=_options(),
    )
    _require_eight_bits(target)


def quantize_statically(
    graph: ModelProto, settings: Quantize, calibration: Iterator[Feed], target: Path
) -> None:
    """Weights and the ranges of activations now; a text's answer cannot depend on its batch.

    Only products with weights, and the embedding tables. The scores of attention stay floating:
    the lowest number there is, which masks padding, would be one end of their range.

    Raises:
        StageError: the graph is quantized already, has nothing to quantize, or has attention
            fused, for which there is no static 8-bit operator.
    """
    _require_floating(graph)
    if operator_counts(graph)["Attention"]:
        raise StageError(
            "quantize: `scheme: static` cannot quantize fused attention; "
            "set `attention: unfused` in the export stage, or `scheme: dynamic`"
        )
    quantize_static(
        graph,
        target,
        _Calibration(calibration),
        quant_format=QuantFormat.QDQ,
        nodes_to_quantize=_with_weights(graph, tables=settings.embeddings),
        op_types_to_quantize=[*PRODUCTS, "Gather"],
        per_channel=settings.per_channel,
        reduce_range=settings.reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options=_options(),
    )
    _require_eight_bits(target)


def weight_counts(graph: ModelProto) -> Counter[str]:
    """Elements of all matrices by how they are stored: "int8", "float"."""
    counts: Counter[str] = Counter()
    for weight in graph.graph.initializer:
        if len(weight.dims) > 1:
            kind = "int8" if weight.data_type in EIGHT_BITS else "float"
            counts[kind] += int(np.prod(weight.dims))
    return counts


class _Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Inputs one by one, in the shape in which the quantizer asks for them."""

    def __init__(self, feeds: Iterator[Feed]) -> None:
        self._feeds = feeds

    def get_next(self) -> Feed | None:
        """The next input; None ends the calibration."""
        return next(self._feeds, None)


def _options() -> dict[str, Any]:
    """Shape inference knows nothing of fused operators: what it does not know is a float."""
    return {"DefaultTensorType": TensorProto.FLOAT, "MatMulConstBOnly": True}


def _with_weights(graph: ModelProto, *, tables: bool) -> list[str]:
    """Names of the products with constant matrices, and of the look-ups in constant tables."""
    matrices = {w.name for w in graph.graph.initializer if len(w.dims) == 2}
    place: dict[str, int] = dict.fromkeys(PRODUCTS, 1) | ({"Gather": 0} if tables else {})
    return [
        node.name
        for node in graph.graph.node
        if node.op_type in place and node.input[place[node.op_type]] in matrices
    ]


def _require_floating(graph: ModelProto) -> None:
    if found := QUANTIZED & operator_counts(graph).keys():
        raise StageError(
            f"quantize: the graph is quantized already ({', '.join(sorted(found))}); "
            "take one of the two `quantize` stages out of the recipe"
        )
    add_pre_process_metadata(graph)  # onnxruntime would advise a clean-up that undoes our rewrites


def _require_eight_bits(target: Path) -> None:
    if not weight_counts(onnx.load(target))["int8"]:
        raise StageError("quantize: the graph has no weights that can be stored in 8 bits")
