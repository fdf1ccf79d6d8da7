"""Products whose weights alone are stored in few bits; activations are scaled row by row.

The kernel of onnxruntime's MatMulNBits rounds activations to 8 bits in blocks of one token's
channels, so a text's answer depends neither on other texts nor on padding.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edgecompress.core.case import FloatArray
from edgecompress.models.nodes import MICROSOFT

INT8_COMPUTE = 4  # of the operator's `accuracy_level`


def pack_products(
    graph: ModelProto, products: Collection[str], bits: int, block: int
) -> ModelProto:
    """Make MatMulNBits of the MatMuls with these names; the graph is changed and given back."""
    weights = {weight.name: weight for weight in graph.graph.initializer}
    for node in graph.graph.node:
        if node.name in products:
            packed = _pack(node, numpy_helper.to_array(weights[node.input[1]]), bits, block)
            graph.graph.initializer.extend(packed)
    used = {name for node in graph.graph.node for name in node.input}
    kept = [weight for weight in graph.graph.initializer if weight.name in used]
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
    if MICROSOFT not in {imported.domain for imported in graph.opset_import}:
        graph.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    return graph


def in_blocks(
    weight: FloatArray, bits: int, block: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Numbers below 2 ** bits, and the real value of one step of each block.

    The largest magnitude of a block lies at the end of the range that is one step longer.

    Args:
        weight: [k, n], finite.

    Returns:
        [n, blocks, block] and [n, blocks]; the middle, 2 ** (bits - 1), stands for zero, also where
        the last block is longer than k.
    """
    k, n = weight.shape
    middle = 2 ** (bits - 1)
    rows = np.zeros((n, -(-k // block) * block), np.float32)
    rows[:, :k] = weight.T
    parts = rows.reshape(n, -1, block)
    largest = np.abs(parts).argmax(axis=2)[..., None]
    steps = np.take_along_axis(parts, largest, axis=2) / -middle
    steps[steps == 0] = 1
    numbers = np.clip(np.round(parts / steps) + middle, 0, 2 * middle - 1)
    return numbers.astype(np.uint8), steps[..., 0].astype(np.float32)


def _pack(node: NodeProto, weight: FloatArray, bits: int, block: int) -> list[TensorProto]:
    """Change one product, and give the two constants that it reads from now on."""
    numbers, steps = in_blocks(weight, bits, block)
    if bits == 4:  # two to a byte, the first in the lower half
        numbers = numbers[..., 0::2] | (numbers[..., 1::2] << np.uint8(4))
    constants = [
        numpy_helper.from_array(numbers, f"{node.name}/numbers"),
        numpy_helper.from_array(steps.reshape(-1), f"{node.name}/steps"),
    ]
    settings = {
        "K": weight.shape[0],
        "N": weight.shape[1],
        "bits": bits,
        "block_size": block,
        "accuracy_level": INT8_COMPUTE,
    }
    node.op_type, node.domain = "MatMulNBits", MICROSOFT
    del node.input[1:], node.attribute[:]
    node.input.extend(constant.name for constant in constants)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in settings.items())
    return constants
