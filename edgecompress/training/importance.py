"""How much a network would lose by each of its heads and feed-forward neurons.

A gate of value 1 is thought behind every head and every neuron, one for each text. The derivative
of a text's loss by its gate says what closing the gate would do to that text, to first order. It is
taken for each text alone: over a batch, losses and gains of different texts would cancel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgecompress.core.case import FloatArray, decisions
from edgecompress.core.progress import Progress
from edgecompress.models.classifier import Classifier
from edgecompress.models.encoder import Encoder
from edgecompress.models.layers import Layer, LowRank
from edgecompress.recipe.objective import Objective
from edgecompress.training.batches import Batch, TokenRows, batches_by_length
from edgecompress.training.objectives import Loss, label_loss

BATCH = 32


@dataclass(frozen=True)
class Importance:
    """Scores, by layer; the higher, the more would be lost."""

    heads: Sequence[NDArray[np.float64]]  # [heads of the layer]
    neurons: Sequence[NDArray[np.float64]]  # [intermediate of the layer]

    @property
    def sizes(self) -> tuple[list[int], list[int]]:
        """Heads, and neurons, by layer."""
        return [len(scores) for scores in self.heads], [len(scores) for scores in self.neurons]


class GateImportance(NamedTuple):
    """Two sizes of the same derivatives."""

    taylor: Importance
    fisher: Importance


def gate_importance(
    encoder: Encoder, rows: TokenRows, loss: Loss, progress: Progress
) -> GateImportance:
    """Means over the texts of |dL/dgate| ("Taylor") and of its square ("Fisher").

    Taylor ranks like parts better. But absolute values do not add up, since the effects of many
    parts partly cancel, while squares do where parts act independently: only Fisher can weigh a few
    heads against many neurons. The weights do not move and there is no dropout.

    Source: Molchanov et al. (2017), arXiv:1611.06440, and Michel et al. (2019), arXiv:1905.10650,
    for Taylor; Kwon et al. (2022), arXiv:2204.09656, for Fisher.
    """
    was_training = encoder.training
    encoder.eval()
    sums: list[Tensor] = []  # [2, heads] and [2, intermediate] of each layer in turn
    with progress.track("importance", len(rows), "texts") as bar:
        for numbers in batches_by_length(rows.lengths, BATCH):
            slopes = [slope.double() for slope in _slopes(encoder, rows.batch(numbers), loss)]
            new = [torch.stack((slope.abs().sum(0), slope.square().sum(0))) for slope in slopes]
            sums = [old + more for old, more in zip(sums, new, strict=True)] if sums else new
            bar.advance(len(numbers))
    encoder.train(was_training)
    means = [(total / len(rows)).numpy() for total in sums]
    return GateImportance(
        *(
            Importance([heads[how] for heads in means[0::2]], [many[how] for many in means[1::2]])
            for how in (0, 1)
        )
    )


def deciding(objective: Objective, answers: FloatArray) -> Loss:
    """The loss to score by: cross-entropy to the teacher's decisions, and to the labels.

    Not the divergence that is trained: a student that still answers as its teacher does, as before
    the first cut, is at the bottom of it, where every derivative is 0.

    Args:
        objective: how much the teacher and the labels count; inner states are not scored.
        answers: [n, classes], the teacher's logits of the rows that will be scored.
    """
    decided = torch.from_numpy(decisions(answers))

    def loss(model: Classifier, batch: Batch) -> Tensor:
        logits = model(*batch.inputs).logits
        to_teacher = label_loss(logits, decided[batch.rows])
        if not objective.labels:
            return to_teacher
        return objective.logits * to_teacher + objective.labels * label_loss(logits, batch.labels)

    return loss


@torch.no_grad()
def size_importance(encoder: Encoder) -> Importance:
    """Product of the norms of what writes a head or a neuron and of what reads it.

    It bounds how far the head's mixing or the neuron can move the stream of states, by its weights
    alone: no text is read.
    """
    heads, neurons = [], []
    for layer in encoder.layers:
        assert isinstance(layer, Layer)
        attention = layer.attention
        value, out, up, down = map(_matrix, (attention.value, attention.out, layer.up, layer.down))
        writes = value.view(attention.heads, -1).norm(dim=1)
        reads = out.T.reshape(attention.heads, -1).norm(dim=1)
        heads.append((writes * reads).double().numpy())
        neurons.append((up.norm(dim=1) * down.norm(dim=0)).double().numpy())
    return Importance(heads, neurons)


def random_importance(encoder: Encoder, seed: int) -> Importance:
    """Scores that mean nothing: what every other must beat."""
    chance, config = np.random.default_rng(seed), encoder.config
    return Importance(
        [chance.random(heads) for heads in config.heads],
        [chance.random(neurons) for neurons in config.intermediate],
    )


def _matrix(module: nn.Linear | LowRank) -> Tensor:
    """[out, in], multiplied out where it is of low rank."""
    if isinstance(module, LowRank):
        return torch.matmul(module.widen.weight, module.narrow.weight)
    return module.weight


def _slopes(encoder: Encoder, batch: Batch, loss: Loss) -> list[Tensor]:
    """dL/dgate of each text, [b, heads] and [b, intermediate] of each layer in turn."""
    size, gates, hooks = len(batch.rows), [], []
    for layer in encoder.layers:
        assert isinstance(layer, Layer)
        attention = layer.attention
        heads = torch.ones(size, 1, attention.heads, 1, requires_grad=True)
        neurons = torch.ones(size, 1, layer.down.in_features, 1, requires_grad=True)
        for module, gate in ((attention.out, heads), (layer.down, neurons)):
            hooks.append(module.register_forward_pre_hook(partial(_pass_gates, gate)))
            gates.append(gate)
    try:
        # The loss is a mean over the batch; its sum has each text's own derivative at its gates.
        total = loss(encoder, batch) * size
    finally:
        for hook in hooks:
            hook.remove()
    return [slope.flatten(start_dim=1) for slope in torch.autograd.grad(total, gates)]


def _pass_gates(gate: Tensor, _: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """[b, s, width] times its gates, each of which stands for width / gates columns."""
    batch, length, width = inputs[0].shape
    split = inputs[0].view(batch, length, gate.shape[2], -1)
    return ((split * gate).view(batch, length, width),)
