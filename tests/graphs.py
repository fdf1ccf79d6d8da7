"""Small graphs, and graphs spoilt so that 8 bits ruin what floats answer to the last bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edgecompress.models.nodes import MICROSOFT, copy_of

Array = np.ndarray[Any, Any]

LOUD = 2.0**14  # a power of two, so that floats are divided and multiplied exactly


def graph(nodes: Sequence[NodeProto], weights: dict[str, Array], axes: int = 3) -> ModelProto:
    """Nodes that make "out" of one floating input "x" of so many axes."""
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * axes)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(w, np.float32), name) for name, w in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


def node(operator: str, inputs: Sequence[str], output: str, **settings: Any) -> NodeProto:
    """A node that is called as what it puts out."""
    return helper.make_node(operator, list(inputs), [output], name=output, **settings)


def answer(model: ModelProto, given: Array) -> Array:
    """What onnxruntime makes of "x"."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(["out"], {"x": given.astype(np.float32)})[0])


def exact_session(model: bytes | Path) -> onnxruntime.InferenceSession:
    """As the runtime asks where 8-bit products could overflow, so that no processor decides."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model, options)


def kinds(model: ModelProto) -> list[str]:
    """The operators, in order."""
    return [node.op_type for node in model.graph.node]


def constant(model: ModelProto, name: str) -> Array:
    """One of its weights, to be changed."""
    (found,) = (w for w in model.graph.initializer if w.name == name)
    return np.array(numpy_helper.to_array(found))


def with_loud_values(model: ModelProto, layers: Sequence[int]) -> ModelProto:
    """The same answers, but in these layers one channel of the values is very large.

    Attention mixes values within their channel, so what is multiplied before it can be divided by
    the output matrix behind it. Fused attention only.
    """
    spoilt = copy_of(model)
    attention = [node for node in spoilt.graph.node if node.op_type == "Attention"]
    for layer in layers:
        weight, bias = attention[layer].input[1:3]
        place = list(spoilt.graph.node).index(attention[layer])
        out = next(n for n in list(spoilt.graph.node)[place:] if n.op_type == "MatMul").input[1]
        channel = 2 * len(constant(spoilt, bias)) // 3 + 5
        for name, where, factor in (
            (weight, (slice(None), channel), LOUD),
            (bias, (channel,), LOUD),
            (out, (5,), 1 / LOUD),
        ):
            changed = constant(spoilt, name)
            changed[where] *= factor
            _replace(spoilt, name, changed)
    return spoilt


def _replace(model: ModelProto, name: str, numbers: Array) -> None:
    (old,) = (w for w in model.graph.initializer if w.name == name)
    old.CopyFrom(onnx.numpy_helper.from_array(numbers, name))
