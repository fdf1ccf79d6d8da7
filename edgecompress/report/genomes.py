"""Each student drawn small: what is left of every layer, or the graph of its cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgecompress.search.cells import SHORT, CellGenome
from edgecompress.search.genome import Shape
from edgecompress.search.subnetworks import Subnetwork
from edgecompress.search.taught import bare

TALL: Final = 24.0  # of a whole layer, in px as all lengths here
BAR, SLOT = 6.0, 16.0
FOOT: Final = 11.0  # for the numbers below the layers
BOX_WIDE, BOX_TALL = 38.0, 16.0
STEP_X, STEP_Y = 56.0, 22.0
MARGIN: Final = 3.0
DIP: Final = 0.75  # of its sag, that a curve with two such control points really reaches
SAG: Final = 10.0  # of an edge, for each column: one that passes boxes is seen below them


@dataclass(frozen=True)
class Layer:
    """One layer's slot, from the left; a layer that has gone has no bars."""

    x: float
    number: str
    heads: float  # how tall; 0 where the layer has gone
    neurons: float


@dataclass(frozen=True)
class Bars:
    """A subnetwork; the word table's rank stands in front of the layers."""

    width: float
    height: float
    layers: tuple[Layer, ...]
    words: float  # how tall
    shape: str = "bars"


@dataclass(frozen=True)
class Node:
    """One operation of a cell."""

    x: float
    y: float
    name: str
    last: bool


@dataclass(frozen=True)
class Graph:
    """A cell, from what enters it on the left to what leaves it on the right."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[str, ...]  # paths
    times: str  # how often it is repeated
    shape: str = "graph"


Drawing = Bars | Graph | None


def drawing(genome: object, shape: Shape) -> Drawing:
    """None for a genome that nobody has taught us to draw."""
    student = bare(genome)
    if isinstance(student, Subnetwork):
        return _bars(student, shape)
    if isinstance(student, CellGenome):
        return _graph(student)
    return None


def _bars(genome: Subnetwork, shape: Shape) -> Bars:
    cuts = {cut.layer: cut for cut in genome.cuts}
    layers = []
    for layer, (heads, neurons) in enumerate(zip(shape.heads, shape.intermediate, strict=True)):
        cut = cuts.get(layer)
        tall = (TALL * cut.heads / heads, TALL * cut.neurons / neurons) if cut else (0.0, 0.0)
        layers.append(Layer(SLOT * (layer + 1), str(layer), *tall))
    rank = genome.rank or shape.rank or shape.hidden
    width = SLOT * (1 + len(layers))
    return Bars(width, TALL + FOOT, tuple(layers), TALL * min(1.0, rank / shape.hidden))


def _graph(genome: CellGenome) -> Graph:
    """Each node stands one column behind the last that it reads; a column is filled downwards."""
    columns = [0]
    for _, reads in genome.nodes:
        columns.append(1 + max(columns[read] for read in reads))
    places = [_place(columns, number) for number in range(len(columns))]
    names = ["in", *(SHORT.get(op, op) for op, _ in genome.nodes)]
    nodes = tuple(
        Node(x, y, name, last=number == len(genome.nodes))
        for number, ((x, y), name) in enumerate(zip(places, names, strict=True))
    )
    edges = tuple(
        _edge(places[read], places[number])
        for number, (_, reads) in enumerate(genome.nodes, start=1)
        for read in reads
    )
    width = MARGIN + STEP_X * max(columns) + BOX_WIDE + MARGIN
    longest = max(columns[n] - columns[r] for n, (_, rs) in enumerate(genome.nodes, 1) for r in rs)
    below = max(BOX_TALL / 2, SAG * longest * DIP) if longest > 1 else BOX_TALL / 2
    height = max(y for _, y in places) + BOX_TALL / 2 + below + MARGIN
    return Graph(width, height, nodes, edges, f"{genome.repeats} times")


def _place(columns: Sequence[int], number: int) -> tuple[float, float]:
    above = columns[:number].count(columns[number])
    return MARGIN + STEP_X * columns[number], MARGIN + STEP_Y * above


def _edge(source: tuple[float, float], target: tuple[float, float]) -> str:
    """From the right side of one box to the left side of the other; long ones run below."""
    (x1, y1), (x2, y2) = source, target
    span = (x2 - x1) / STEP_X
    sag, out = (SAG * span, 16.0) if span > 1 else (0.0, 9.0)
    x1, y1, y2 = x1 + BOX_WIDE, y1 + BOX_TALL / 2, y2 + BOX_TALL / 2
    return f"M{x1:g} {y1:g}C{x1 + out:g} {y1 + sag:g} {x2 - out:g} {y2 + sag:g} {x2:g} {y2:g}"
