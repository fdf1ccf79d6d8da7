"""What the hardware allows: the network's multiplications at the best rate seen on this machine.

No contender can be faster, on one thread, than its 8-bit multiply-accumulates at the rate of a
large 8-bit product (onnxruntime's MatMulInteger, which uses VNNI where there is any), nor than
reading its 8-bit weights once, at the rate at which as many bytes are read again and again, from
whichever cache holds them. Softmax, norms and all else are free in this reckoning.
"""

from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgecompress.models.encoder_config import ATTENTION, FEED_FORWARD, EncoderConfig
from edgecompress.runtime.timing import time_call

SIZES = ((64, 1536, 1536), (128, 1024, 1024), (256, 768, 3072))  # of products: rows, inner, columns
TRIES = 30


@dataclass(frozen=True)
class Floor:
    """Of one network on this machine."""

    peak_macs_per_s: float
    bytes_per_s: float
    weight_bytes: int

    def ms(self, config: EncoderConfig, batch: int, tokens: int) -> dict[str, float]:
        """Least time of one call, by arithmetic and by reading."""
        work = batch * macs(config, tokens)
        return {
            "macs": work,
            "arithmetic_ms": 1000 * work / self.peak_macs_per_s,
            "reading_ms": 1000 * self.weight_bytes / self.bytes_per_s,
        }


def measure(config: EncoderConfig) -> Floor:
    """Probe this machine, on one thread; the best of many tries, as others only slow it."""
    size = weight_bytes(config)
    return Floor(max(_macs_per_s(*size) for size in SIZES), _bytes_per_s(size), size)


def macs(config: EncoderConfig, tokens: int) -> int:
    """Multiply-accumulates of one text; behind the last attention, only its first token counts."""
    total = len(config.labels) * config.hidden + config.hidden**2  # the head
    for layer in range(config.layers):
        last = layer == config.layers - 1
        asking = 1 if last else tokens
        cost = {matrix: _matrix(config, layer, matrix) for matrix in (*ATTENTION, *FEED_FORWARD)}
        total += tokens * (cost["key"] + cost["value"])
        total += asking * sum(cost[m] for m in ("query", "out", *FEED_FORWARD))
        total += 2 * asking * tokens * config.heads[layer] * config.head_size
    return total


def weight_bytes(config: EncoderConfig) -> int:
    """One byte for each weight that every text needs; of the tables only a few rows are read."""
    return config.hidden**2 + sum(
        _matrix(config, layer, matrix)
        for layer in range(config.layers)
        for matrix in (*ATTENTION, *FEED_FORWARD)
    )


def _matrix(config: EncoderConfig, layer: int, matrix: str) -> int:
    """Weights of one matrix, or of its two factors."""
    inner = config.heads[layer] * config.head_size
    other = config.intermediate[layer] if matrix in FEED_FORWARD else inner
    rank = config.rank(layer, matrix)
    return config.hidden * other if rank is None else rank * (config.hidden + other)


def _macs_per_s(rows: int, inner: int, columns: int) -> float:
    right = np.random.default_rng(0).integers(-127, 128, (inner, columns)).astype(np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["left", "right"], ["product"])],
        "product",
        [helper.make_tensor_value_info("left", TensorProto.UINT8, [rows, inner])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, [rows, columns])],
        [numpy_helper.from_array(right, "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {"left": np.full((rows, inner), 7, np.uint8)}
    best = min(time_call(lambda: session.run(None, feed)).thread_cpu_s for _ in range(TRIES))
    return rows * inner * columns / best


def _bytes_per_s(size: int) -> float:
    """A maximum over that many bytes, which does next to nothing but read them."""
    block = np.ones(size // 4, np.float32)
    best = min(time_call(block.max).thread_cpu_s for _ in range(TRIES))
    return block.nbytes / best
