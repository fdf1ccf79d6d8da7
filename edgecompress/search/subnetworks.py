"""Space `subnetworks`: what can be cut out of a model, weights and all."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgecompress.recipe.learning import Student
from edgecompress.recipe.searching import Subnetworks
from edgecompress.recipe.shrinking import Factorize, Prune
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.search.genome import Shape, shared_settings

NEURONS, RANKS = 16, 16  # multiples, for int8 kernels; fewer where a model has fewer
CHANGES = ((0.3, "depth"), (0.3, "heads"), (0.3, "neurons"), (0.1, "rank"))


@dataclass(frozen=True)
class Cut:
    """What is left of one layer."""

    layer: int  # counted from 0
    heads: int
    neurons: int


@dataclass(frozen=True)
class Subnetwork:
    """What is left of a model; layers in their order."""

    cuts: tuple[Cut, ...]
    rank: int | None  # of the word table; None: as it is


@dataclass(frozen=True)
class SubnetworkSpace:
    """All subnetworks of one model."""

    settings: Subnetworks
    shape: Shape

    def drawn(self, chance: Chance) -> Subnetwork:
        """Each layer is as likely to stay as to go, each width as likely as the others."""
        layers = [layer for layer in range(len(self.shape.heads)) if chance.happens(0.5)]
        cuts = [self._any_cut(layer, chance) for layer in layers]
        return self._whole(cuts, chance.pick(self.ranks), chance)

    def mutated(self, genome: Subnetwork, chance: Chance) -> Subnetwork:
        """A layer less or more, one layer wider or narrower, or another rank."""
        change = chance.weighed(CHANGES)
        if change == "rank":
            return Subnetwork(genome.cuts, chance.neighbour(genome.rank, self.ranks))
        if change == "depth":
            layer = chance.below(len(self.shape.heads))
            cuts = [cut for cut in genome.cuts if cut.layer != layer]
            if len(cuts) == len(genome.cuts):
                cuts.append(self._any_cut(layer, chance))
            return self._whole(cuts, genome.rank, chance)
        chosen = chance.pick(genome.cuts)
        heads, neurons = chosen.heads, chosen.neurons
        if change == "heads":
            heads = chance.neighbour(heads, self.heads(chosen.layer))
        else:
            neurons = chance.neighbour(neurons, self.neurons(chosen.layer))
        new = Cut(chosen.layer, heads, neurons)
        return Subnetwork(tuple(new if c is chosen else c for c in genome.cuts), genome.rank)

    def crossed(self, one: Subnetwork, other: Subnetwork, chance: Chance) -> Subnetwork:
        """The lower layers of one, the upper ones of the other, the rank of either."""
        border = 1 + chance.below(max(1, len(self.shape.heads) - 1))
        cuts = [cut for cut in one.cuts if cut.layer < border]
        cuts += [cut for cut in other.cuts if cut.layer >= border]
        return self._whole(cuts, chance.pick((one.rank, other.rank)), chance)

    def written(self, genome: Subnetwork) -> Any:
        """Layers with their widths, and the rank."""
        return asdict(genome)

    def read(self, values: Any) -> Subnetwork:
        """What `written` wrote."""
        return Subnetwork(tuple(Cut(**cut) for cut in values["cuts"]), values["rank"])

    def described(self, genome: Subnetwork) -> str:
        """Such as "0:12x384 3:6x768 rank 96": layer, heads, neurons."""
        cuts = " ".join(f"{cut.layer}:{cut.heads}x{cut.neurons}" for cut in genome.cuts)
        return f"{cuts} rank {genome.rank or 'full'}"

    def choices(self, genome: Subnetwork) -> dict[str, float]:
        """Layers kept and their number, shares of heads and neurons kept, rank of the words."""
        shape, cuts = self.shape, genome.cuts
        kept = {cut.layer for cut in cuts}
        return {
            **{f"layer {layer} kept": float(layer in kept) for layer in range(len(shape.heads))},
            "depth": float(len(cuts)),
            "heads, share": sum(cut.heads for cut in cuts) / sum(shape.heads),
            "neurons, share": sum(cut.neurons for cut in cuts) / sum(shape.intermediate),
            "rank of the words": float(genome.rank or shape.rank or shape.hidden),
        }

    def params(self, genome: Subnetwork) -> int:
        """Weights of what is left."""
        hidden = self.shape.hidden
        total = self.shape.tables(genome.rank or self.shape.rank) + self.shape.head(hidden)
        for cut in genome.cuts:
            width = cut.heads * self.shape.head_size
            total += 4 * hidden * width + 3 * width + hidden  # attention
            total += 2 * hidden * cut.neurons + cut.neurons + hidden + 4 * hidden  # and two norms
        return total

    def stages(self, genome: Subnetwork, training: Student) -> Sequence[StageSettings]:
        """The word table first, so that the training makes up for both."""
        prune = Prune(
            kind="prune",
            layers=tuple(cut.layer for cut in genome.cuts),
            heads=tuple(cut.heads for cut in genome.cuts),
            intermediate=tuple(cut.neurons for cut in genome.cuts),
            multiple_of=1,  # the widths are multiples already
            **shared_settings(training),
        )
        if genome.rank is None:
            return (prune,)
        return (Factorize(kind="factorize", embeddings=genome.rank, multiple_of=1), prune)

    def heads(self, layer: int) -> list[int]:
        """Numbers of heads that a layer may keep, rising."""
        return _sizes(self.settings.heads, self.shape.heads[layer], 1)

    def neurons(self, layer: int) -> list[int]:
        """Numbers of neurons that a layer may keep, rising."""
        return _sizes(self.settings.neurons, self.shape.intermediate[layer], NEURONS)

    @property
    def ranks(self) -> list[int | None]:
        """Ranks of the word table by which it gets smaller, rising, and as it is."""
        ranks = _sizes(self.settings.ranks, self.shape.hidden, RANKS)
        now = self.shape.tables(self.shape.rank)
        return [*(rank for rank in ranks if self.shape.tables(rank) < now), None]

    def _any_cut(self, layer: int, chance: Chance) -> Cut:
        return Cut(layer, chance.pick(self.heads(layer)), chance.pick(self.neurons(layer)))

    def _whole(self, cuts: Iterable[Cut], rank: int | None, chance: Chance) -> Subnetwork:
        """In order, with as many layers as there must be."""
        kept = {cut.layer: cut for cut in cuts}
        depth = len(self.shape.heads)
        while len(kept) < min(self.settings.fewest_layers, depth):
            gone = [layer for layer in range(depth) if layer not in kept]
            layer = chance.pick(gone)
            kept[layer] = self._any_cut(layer, chance)
        return Subnetwork(tuple(kept[layer] for layer in sorted(kept)), rank)


def _sizes(shares: Iterable[float], full: int, multiple: int) -> list[int]:
    """Rounded to multiples, at least one of them, at most all."""
    found = {min(full, max(1, round(share * full / multiple)) * multiple) for share in shares}
    return sorted(found)
