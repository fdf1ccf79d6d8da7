"""One cut of a network: what matters least is found, taken out, and made up for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from edgecompress.core.errors import StageError
from edgecompress.core.progress import Progress
from edgecompress.models.encoder import Encoder, take_layers
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.latency_table import LatencyTable
from edgecompress.models.pruning import Kept, cut_widths
from edgecompress.models.repair import refit_outputs
from edgecompress.recipe.shrinking import Prune
from edgecompress.training.batches import TokenRows, batches_by_length
from edgecompress.training.importance import (
    Importance,
    gate_importance,
    random_importance,
    size_importance,
)
from edgecompress.training.objectives import Loss
from edgecompress.training.rounds import Goal
from edgecompress.training.sparsity import prune_to, rising_sparsity
from edgecompress.training.widths import Ladder, best, descend, each_layers, size_after

REPAIR_ROWS, REPAIR_BATCH = 256, 32

Sizes = tuple[list[int], list[int]]
"""Heads, and neurons, by layer."""


@dataclass(frozen=True)
class Cutter:
    """What all cuts of one network go by."""

    settings: Prune
    full: EncoderConfig  # before the first cut
    rows: TokenRows  # that scores are taken of, and repairs fitted on
    loss: Loss  # whose change is scored
    table: LatencyTable | None  # where a speed is asked for
    seed: int
    progress: Progress

    def cut(self, encoder: Encoder, goal: Goal) -> Encoder:
        """A smaller copy; or, where single weights go, the same network with more zeros.

        Raises:
            StageError: narrower layers cannot be as fast as is asked for.
        """
        if self.settings.sparsity is not None:
            prune_to(encoder, rising_sparsity(self.settings.sparsity, goal.done))
            return encoder
        named = self.settings.layers
        layers = named if isinstance(named, tuple) else tuple(range(goal.layers))
        shallow = take_layers(encoder, layers)
        if not goal.done or not self.settings.narrows or self._leaves(layers, goal.done):
            return shallow
        ranked, weighed = self._score(shallow)
        if self.table:
            heads, neurons = self._fast_enough(self.table, weighed, goal)
        else:
            heads, neurons = self._sizes(ranked, layers, goal.done)
        parts = zip(ranked.heads, ranked.neurons, heads, neurons, strict=True)
        kept = [Kept(best(h, left), best(n, many)) for h, n, left, many in parts]
        narrow = cut_widths(shallow, kept)
        if self.settings.repair == "least-squares":
            few = batches_by_length(self.rows.lengths[:REPAIR_ROWS], REPAIR_BATCH)
            texts = [self.rows.batch(numbers).inputs for numbers in few]
            refit_outputs(narrow, shallow, texts, self.progress)
        return narrow

    def _score(self, encoder: Encoder) -> tuple[Importance, Importance]:
        """What ranks parts of a kind, and what weighs heads against neurons."""
        how = self.settings.importance
        if how in ("taylor", "fisher"):
            gates = gate_importance(encoder, self.rows, self.loss, self.progress)
            return gates.taylor if how == "taylor" else gates.fisher, gates.fisher
        random = how == "random"
        scores = random_importance(encoder, self.seed) if random else size_importance(encoder)
        return scores, scores

    def _leaves(self, layers: Sequence[int], done: float) -> bool:
        """Whether these layers keep all that they have."""
        heads, neurons = self._wished(layers, done)
        whole = [self.full.heads[k] for k in layers], [self.full.intermediate[k] for k in layers]
        return self.table is None and (heads, neurons) == whole

    def _wished(self, layers: Sequence[int], done: float) -> Sizes:
        """By layer, as if all were ranked alike."""
        heads, neurons = (
            [
                size_after(full[layer], wish, multiple, done)
                for layer, wish in zip(layers, each_layers(wishes, len(layers)), strict=True)
            ]
            for full, wishes, multiple in (
                (self.full.heads, self.settings.heads, 1),
                (self.full.intermediate, self.settings.intermediate, self.settings.multiple_of),
            )
        )
        return heads, neurons

    def _sizes(self, scores: Importance, layers: Sequence[int], done: float) -> Sizes:
        """Those asked for: of each layer, alike in all layers, or in all of them together."""
        step, (heads, neurons) = self.settings.multiple_of, self._wished(layers, done)
        if self.settings.ranking == "uniform":
            return heads, neurons
        heads_left = descend([Ladder.of(each, 1) for each in scores.heads], sum(heads))
        neurons_left = descend([Ladder.of(each, step) for each in scores.neurons], sum(neurons))
        assert heads_left, "the smallest sizes are within any budget that is made of sizes"
        assert neurons_left
        return heads_left, neurons_left

    def _fast_enough(self, table: LatencyTable, scores: Importance, goal: Goal) -> Sizes:
        """Those with which the layers take as little time as is asked for."""
        speedup, step = self.settings.speedup or 1.0, self.settings.multiple_of
        whole_ms = table.layers_ms(self.full)
        costs = table.costs(*scores.sizes)
        ladders = [Ladder.of(*part) for part in zip(scores.heads, repeat(1), costs[0])]
        ladders += [Ladder.of(*part) for part in zip(scores.neurons, repeat(step), costs[1])]
        sizes = descend(ladders, whole_ms * (1 - goal.done * (1 - 1 / speedup)))
        if sizes is None:
            least_ms = sum(float(each.cost[0]) for each in ladders)
            raise StageError(
                f"prune.speedup: got {speedup:g}; with one head and {step} neurons in each layer "
                f"the layers would be {whole_ms / least_ms:.1f} times as fast; ask for less, or "
                "also for fewer `layers`"
            )
        return sizes[: goal.layers], sizes[goal.layers :]
