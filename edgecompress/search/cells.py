"""Space `cells`: graphs of operations, repeated, behind a model's embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgecompress.recipe.cells import MIXING, Cells, Node
from edgecompress.recipe.learning import Student
from edgecompress.recipe.searching import CellGraphs
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.search.genome import Shape, shared_settings

EXPANSION = 4  # neurons of a feed-forward node, in widths
CHANGES = (
    *((0.3, "operation"), (0.25, "edge"), (0.15, "more")),
    *((0.1, "fewer"), (0.1, "repeats"), (0.1, "width")),
)
SHORT = {"attention": "att", "feed_forward": "ff", "gated": "gate", "identity": "sum"}

Place = tuple[str, tuple[int, ...]]
"""Operation, and the earlier places that it reads; 0 is what enters the cell."""


@dataclass(frozen=True)
class CellGenome:
    """One network of cells."""

    nodes: tuple[Place, ...]
    repeats: int
    width: int


def canonical(nodes: Sequence[Place]) -> tuple[Place, ...]:
    """The graph without what changes nothing, in an order that hangs on the graph alone.

    What the last node does not rest on goes, and so does an identity that reads one place. Places
    are sorted by depth, then by what they compute. Two that compute alike but are read by different
    nodes may still come in two orders: such twins can be tried twice. Empty where nothing is left.
    """
    alias, kept = [0], list[Place]()
    for op, reads in nodes:
        true = tuple(sorted({alias[read] for read in reads}))
        if op == "identity" and len(true) == 1:
            alias.append(true[0])
        else:
            kept.append((op, true))
            alias.append(len(kept))
    return _ordered(_live(kept, alias[-1]))


def _live(nodes: Sequence[Place], last: int) -> dict[int, Place]:
    """The places that `last` rests on, by their number."""
    found: dict[int, Place] = {}
    todo = [last]
    while todo:
        place = todo.pop()
        if place and place not in found:
            found[place] = nodes[place - 1]
            todo += nodes[place - 1][1]
    return dict(sorted(found.items()))


def _ordered(live: dict[int, Place]) -> tuple[Place, ...]:
    """Numbered anew by depth and by what is computed; the last stays last, as the deepest."""
    depth, says = {0: 0}, {0: "in"}
    for place, (op, reads) in live.items():
        depth[place] = 1 + max(depth[read] for read in reads)
        says[place] = f"{op}({','.join(sorted(says[read] for read in reads))})"
    order = sorted(live, key=lambda place: (depth[place], says[place], place))
    number = {0: 0} | {place: at for at, place in enumerate(order, start=1)}
    return tuple(
        (live[place][0], tuple(sorted(number[read] for read in live[place][1]))) for place in order
    )


@dataclass(frozen=True)
class CellSpace:
    """All networks of cells behind one model's embeddings."""

    settings: CellGraphs
    shape: Shape

    def drawn(self, chance: Chance) -> CellGenome:
        """Any number of nodes, each reading any one or two earlier places."""
        nodes: list[Place] = []
        for place in range(1, 2 + chance.below(self.settings.most_nodes)):
            nodes.append((chance.pick(self.settings.operations), _reads(place, chance)))
        repeats, width = chance.pick(self.settings.repeats), chance.pick(self.widths)
        return CellGenome(self._repaired(nodes, chance), repeats, width)

    def mutated(self, genome: CellGenome, chance: Chance) -> CellGenome:
        """Another operation or edge, a node more or less, a cell more or less, or another width."""
        change = chance.weighed(CHANGES)
        nodes, repeats, width = list(genome.nodes), genome.repeats, genome.width
        if change == "repeats":
            repeats = chance.neighbour(repeats, sorted(self.settings.repeats))
        elif change == "width":
            width = chance.neighbour(width, self.widths)
        else:
            nodes = self._changed(nodes, change, chance)
        return CellGenome(self._repaired(nodes, chance), repeats, width)

    def crossed(self, one: CellGenome, other: CellGenome, chance: Chance) -> CellGenome:
        """The first nodes of one, the later ones of the other, repeats and width of either."""
        border = chance.below(min(len(one.nodes), len(other.nodes)))
        nodes = [*one.nodes[:border], *other.nodes[border:]]
        repeats = chance.pick((one.repeats, other.repeats))
        width = chance.pick((one.width, other.width))
        return CellGenome(self._repaired(nodes, chance), repeats, width)

    def written(self, genome: CellGenome) -> Any:
        """Nodes, repeats and width."""
        nodes = [[op, list(reads)] for op, reads in genome.nodes]
        return {"nodes": nodes, "repeats": genome.repeats, "width": genome.width}

    def read(self, values: Any) -> CellGenome:
        """What `written` wrote."""
        nodes = tuple((str(op), tuple(reads)) for op, reads in values["nodes"])
        return CellGenome(nodes, values["repeats"], values["width"])

    def described(self, genome: CellGenome) -> str:
        """Such as "3x192: att(0) ff(1) sum(1,2)": cells, width, and what each node reads."""
        nodes = " ".join(
            f"{SHORT.get(op, op)}({','.join(map(str, reads))})" for op, reads in genome.nodes
        )
        return f"{genome.repeats}x{genome.width}: {nodes}"

    def choices(self, genome: CellGenome) -> dict[str, float]:
        """Operations used, nodes of a cell and its longest path, cells, width."""
        used, depth = {op for op, _ in genome.nodes}, [0]
        for _, reads in genome.nodes:
            depth.append(1 + max(depth[read] for read in reads))
        return {
            **{
                f"{op.replace('_', ' ')} used": float(op in used) for op in self.settings.operations
            },
            "nodes": float(len(genome.nodes)),
            "longest path": float(depth[-1]),
            "repeats": float(genome.repeats),
            "width": float(genome.width),
        }

    def params(self, genome: CellGenome) -> int:
        """Weights of tables, cells and head."""
        shape, width = self.shape, genome.width
        enter = 0 if width == shape.hidden else shape.hidden * width + width
        cell = sum(_weights(op, width) for op, _ in genome.nodes)
        return shape.tables(shape.rank) + enter + genome.repeats * cell + shape.head(width)

    def stages(self, genome: CellGenome, training: Student) -> Sequence[StageSettings]:
        """One stage, whose training is all that a student of cells gets."""
        nodes = [{"op": op, "reads": reads} for op, reads in genome.nodes]
        cells = Cells(
            kind="cells",
            nodes=tuple(Node.model_validate(node) for node in nodes),
            repeats=genome.repeats,
            width=genome.width,
            head_size=self.shape.head_size,
            expansion=EXPANSION,
            **shared_settings(training),
        )
        return (cells,)

    @property
    def widths(self) -> list[int]:
        """Multiples of a head, rising."""
        step, full = self.shape.head_size, self.shape.hidden
        return sorted({max(1, round(share * full / step)) * step for share in self.settings.widths})

    def _changed(self, nodes: list[Place], change: str, chance: Chance) -> list[Place]:
        at = chance.below(len(nodes))
        op, reads = nodes[at]
        if change == "operation":
            nodes[at] = (chance.pick(self.settings.operations), reads)
        elif change == "edge":
            nodes[at] = (op, _reads(at + 1, chance))
        elif change == "more" and len(nodes) < self.settings.most_nodes:
            new = (chance.pick(self.settings.operations), reads)
            later = [(o, tuple(r + (r > at) for r in reads)) for o, reads in nodes[at:]]
            nodes = [*nodes[:at], new, (op, (at + 1,)), *later[1:]]
        elif change == "fewer" and len(nodes) > 1:
            nodes[at] = ("identity", reads[:1])
        return nodes

    def _repaired(self, nodes: Sequence[Place], chance: Chance) -> tuple[Place, ...]:
        """In canonical form, with nodes that nobody read joined where there is room.

        Where no token learns of others, one operation becomes one that mixes; a graph of which
        nothing is left becomes that one operation.
        """
        mixing = [op for op in self.settings.operations if op in MIXING]
        whole = list(canonical(_joined(nodes)))
        if not whole:
            return ((chance.pick(mixing), (0,)),)
        if not any(op in MIXING for op, _ in whole):
            at = chance.below(len(whole))
            whole[at] = (chance.pick(mixing), whole[at][1])
        return canonical(whole)


def _joined(nodes: Sequence[Place]) -> list[Place]:
    """Each node that nobody reads is read by the first later one that reads a single place."""
    joined = list(nodes)
    for place in range(1, len(joined)):
        if any(place in reads for _, reads in joined[place:]):
            continue
        roomy = [at for at in range(place, len(joined)) if len(joined[at][1]) == 1]
        for at in roomy[:1]:
            op, reads = joined[at]
            joined[at] = (op, tuple(sorted({*reads, place})))
    return joined


def _reads(place: int, chance: Chance) -> tuple[int, ...]:
    """One or two places before this one."""
    return tuple(sorted({chance.below(place) for _ in range(1 + chance.below(2))}))


def _weights(op: str, width: int) -> int:
    """Of one node, with its norm."""
    square, norm = width * width, 2 * width
    inside = {
        "attention": 4 * square + 4 * width,
        "feed_forward": 2 * EXPANSION * square + (EXPANSION + 1) * width,
        "conv3": 4 * width,
        "conv5": 6 * width,
        "gated": 2 * square + 2 * width,
    }
    return inside[op] + norm if op in inside else 0
