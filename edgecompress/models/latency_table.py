"""How long the parts of an encoder take on this machine, as the int8 graph that ships runs them.

A formula of multiplications would be wrong by factors: small products leave a CPU idle, softmax and
norms cost time without any product, and of the last layer only the first token goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from scipy.optimize import isotonic_regression

from edgecompress.core.progress import Progress
from edgecompress.models.encoder import Encoder
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.onnx_graph import export_graph, fuse_attention, tidy
from edgecompress.models.own_encoder import OwnEncoder
from edgecompress.models.timed_graphs import inputs_of, int8_session, median_ms

OPSET = 17
GRID = 4  # sizes of a part that are timed; between them time is taken to be a line
LENGTHS = 6  # texts of so many lengths stand for all
TINY_VOCABULARY = 8

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Milliseconds of one layer by the size of one of its parts, the other being whole."""

    sizes: list[int]  # rising; the last is the whole
    ms: list[float]  # never falling

    def up_to(self, size: int) -> Doubles:
        """Milliseconds of the sizes 1 to `size`, on straight lines between what was measured."""
        return np.interp(np.arange(1, size + 1), self.sizes, self.ms)


@dataclass(frozen=True)
class LatencyTable:
    """Thread time of one text by one thread, mean over typical lengths."""

    heads: Curve  # of an inner layer
    neurons: Curve
    last_heads: Curve  # of the last layer, which goes on with the first token alone
    last_neurons: Curve

    def costs(
        self, heads: Sequence[int], neurons: Sequence[int]
    ) -> tuple[list[Doubles], list[Doubles]]:
        """What each size of each layer's parts costs in ms: the sizes 1 to n, one array a layer.

        Those of a layer's two parts add up to its time; neurons alone may be below 0.
        """
        lasts = [False] * (len(heads) - 1) + [True]
        by_heads = [self.last_heads if last else self.heads for last in lasts]
        by_neurons = [self.last_neurons if last else self.neurons for last in lasts]
        return (
            [curve.up_to(size) for curve, size in zip(by_heads, heads, strict=True)],
            [
                curve.up_to(size) - curve.ms[-1]
                for curve, size in zip(by_neurons, neurons, strict=True)
            ],
        )

    def layers_ms(self, config: EncoderConfig) -> float:
        """Of all layers together; embeddings and head come on top."""
        heads, neurons = self.costs(config.heads, config.intermediate)
        return float(sum(cost[-1] for cost in heads + neurons))

    def to_json(self) -> dict[str, Any]:
        """JSON values only; `from_json` gives an equal table back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: Curve(**curve) for name, curve in values.items()})


def measure_layers(
    config: EncoderConfig, lengths: NDArray[np.int64], progress: Progress
) -> LatencyTable:
    """Time int8 graphs of no layer, one and two, at several widths; differences are the layers.

    Weights are random: they do not change the time.

    Args:
        config: of the encoder whose layers are in question.
        lengths: [n], tokens of the texts that will be asked.
        progress: who listens.
    """
    heads, neurons = _grid(max(config.heads)), _grid(max(config.intermediate))
    by_heads = [(count, neurons[-1]) for count in heads]
    by_neurons = [(heads[-1], count) for count in neurons]
    shapes = [*by_heads, *by_neurons[:-1]]
    graphs = [(0, shapes[0]), *((depth, shape) for shape in shapes for depth in (1, 2))]
    sessions = []
    with progress.track("graphs to time", len(graphs), "graphs") as bar:
        for depth, shape in graphs:
            sessions.append(int8_form(_stack(config, depth, shape)))
            bar.advance()
    medians = median_ms(sessions, inputs_of(typical(lengths)), "time of a layer", progress)
    ms = dict(zip(graphs, medians, strict=True))
    inner = {shape: ms[2, shape] - ms[1, shape] for shape in shapes}
    last = {shape: ms[1, shape] - ms[0, shapes[0]] for shape in shapes}
    return LatencyTable(
        *(
            _curve(sizes, [found[shape] for shape in along])
            for found in (inner, last)
            for sizes, along in ((heads, by_heads), (neurons, by_neurons))
        )
    )


def _grid(most: int) -> list[int]:
    """Sizes from a sixteenth to the whole, rising."""
    return sorted({max(1, round(share * most)) for share in np.linspace(1 / 16, 1, GRID)})


def _stack(config: EncoderConfig, depth: int, shape: tuple[int, int]) -> Encoder:
    """So many layers of one shape, between states of the network's width; ranks as in its first."""
    heads, neurons = shape
    return Encoder(
        replace(
            config,
            vocab_size=TINY_VOCABULARY,
            heads=(heads,) * depth,
            intermediate=(neurons,) * depth,
            ranks=config.ranks[:1] * depth,
        )
    )


def measure_around(
    config: EncoderConfig,
    ranks: Sequence[int | None],
    lengths: NDArray[np.int64],
    progress: Progress,
) -> list[float]:
    """Milliseconds of all but the layers, for word tables of these ranks; see `measure_layers`."""
    stacks = [replace(_stack(config, 0, (1, 1)).config, embedding_rank=rank) for rank in ranks]
    sessions = [int8_form(Encoder(stack)) for stack in stacks]
    return median_ms(sessions, inputs_of(typical(lengths)), "time around layers", progress)


def int8_form(encoder: OwnEncoder) -> InferenceSession:
    """The graph as the stages `export` and `quantize` would make it."""
    graph = fuse_attention(export_graph(encoder, OPSET, pairs=False), encoder.config)
    return int8_session(tidy(graph))


def typical(lengths: NDArray[np.int64]) -> list[int]:
    """Lengths that share out those of the texts evenly."""
    middles = (np.arange(LENGTHS) + 0.5) / LENGTHS
    return [int(length) for length in np.quantile(lengths, middles)]


def _curve(sizes: list[int], ms: list[float]) -> Curve:
    """A layer does not get slower by losing a part: where it seems so, that is noise."""
    return Curve(sizes, [float(value) for value in isotonic_regression(ms).x])
