"""How long the operations of cells take on this machine, as the int8 graph that ships runs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.progress import Progress
from edgecompress.models.cells import CellEncoder, CellsConfig, Place
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.latency_table import TINY_VOCABULARY, int8_form, typical
from edgecompress.models.timed_graphs import inputs_of, median_ms

MIXER = "attention"  # stands last in what is timed: what follows it needs the first token alone
TIMED = ("feed_forward", "conv3", "conv5", "gated")
EXPANSION = 4  # neurons of a feed-forward node, in widths


@dataclass(frozen=True)
class CellTable:
    """Thread time of one text by one thread, mean over typical lengths."""

    around: Mapping[str, float]  # by width: tables and head
    operations: Mapping[str, Mapping[str, float]]  # by width, then by operation

    def ms(self, operations: Sequence[str], repeats: int, width: int) -> float:
        """Of a network, a little too much: what its last cell saves is not taken off."""
        costs = self.operations[str(width)]
        cell = sum(costs.get(operation, 0.0) for operation in operations)
        return self.around[str(width)] + repeats * cell

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` made."""
        return cls(**values)


def measure_cells(
    tables: EncoderConfig,
    widths: Sequence[int],
    lengths: NDArray[np.int64],
    progress: Progress,
) -> CellTable:
    """Time int8 graphs of few nodes; differences are the operations. Weights are random.

    Args:
        tables: of the embeddings in front; its heads' size is that of attention.
        widths: multiples of a head.
        lengths: [n], tokens of the texts that will be asked.
        progress: who listens.
    """
    asked = [((MIXER,), 1), ((MIXER,), 2), *(((each, MIXER), 1) for each in TIMED)]
    graphs = [(width, *shape) for width in widths for shape in asked]
    sessions = []
    with progress.track("graphs to time", len(graphs), "graphs") as bar:
        for graph in graphs:
            sessions.append(int8_form(CellEncoder(_chain(tables, *graph))))
            bar.advance()
    medians = median_ms(sessions, inputs_of(typical(lengths)), "time of a cell", progress)
    ms = dict(zip(graphs, medians, strict=True))
    around, operations = {}, {}
    for width in widths:
        one = ms[width, (MIXER,), 1]
        mixer = max(0.0, ms[width, (MIXER,), 2] - one)
        rest = {each: max(0.0, ms[width, (each, MIXER), 1] - one) for each in TIMED}
        operations[str(width)] = {MIXER: mixer, **rest}
        around[str(width)] = max(0.0, one - mixer)
    return CellTable(around, operations)


def _chain(
    tables: EncoderConfig, width: int, operations: Sequence[str], repeats: int
) -> CellsConfig:
    """Operations in a row, behind a word table of a few words."""
    small = replace(
        tables,
        vocab_size=TINY_VOCABULARY,
        heads=(width // tables.head_size,) * repeats,
        intermediate=(EXPANSION * width,) * repeats,
        ranks=(),
    )
    nodes = tuple(Place(each, (at,)) for at, each in enumerate(operations))
    return CellsConfig(**vars(small), nodes=nodes, width=width)
