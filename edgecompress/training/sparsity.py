"""Single weights set to zero, the smallest first, and kept there while the others learn.

Only the matrices of the encoder's layers are pruned: a word that the training texts do not use
would lose its row of the word table for nothing, and the head is a thousandth of the weights.

Source: magnitude pruning, Han et al. (2015), arXiv:1506.02626, one threshold for all matrices.
"""

import math

import torch
from torch import Tensor, nn

from edgecompress.models.encoder import Encoder

MOST_CUTS = 100  # of a gradual pruning; each sorts all weights, which costs as much as a few steps


def prunable(encoder: Encoder) -> list[nn.Parameter]:
    """The matrices of the encoder's layers, in their order."""
    return [weight for weight in encoder.layers.parameters() if weight.ndim == 2]


def sparsity_of(encoder: Encoder) -> float:
    """Share of the prunable weights that are zero."""
    matrices = prunable(encoder)
    zeros = sum(int((matrix == 0).sum()) for matrix in matrices)
    return zeros / sum(matrix.numel() for matrix in matrices)


@torch.no_grad()
def prune_to(encoder: Encoder, sparsity: float) -> None:
    """Set the smallest weights to zero, in place, until `sparsity` of the prunable ones are.

    The threshold is one for all matrices, since what they give is added to one normalised stream
    of states: a weight of the same size moves it as far in every layer. Weights that are zero
    already stay zero, so pruning in steps only ever goes on.

    Args:
        encoder: of ours.
        sparsity: in [0, 1); exact to one weight, unless several are as small as the threshold.
    """
    matrices = prunable(encoder)
    sizes = torch.cat([matrix.abs().flatten() for matrix in matrices])
    count = round(sparsity * len(sizes))
    if count:
        threshold = sizes.kthvalue(count).values
        for matrix in matrices:
            matrix.masked_fill_(matrix.abs() <= threshold, 0)


def rising_sparsity(target: float, done: float) -> float:
    """The sparsity after the share `done` of the pruning: steep first, when weights abound.

    Source: Zhu & Gupta (2017), arXiv:1710.01878, equation 1, from sparsity 0.
    """
    return target * (1 - (1 - min(done, 1)) ** 3)


class KeepZeros:
    """A step hook: weights that are zero before an optimizer step are zero after it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._alive: list[Tensor] = []

    def before(self, step: int, steps: int) -> None:
        """See which weights are left."""
        self._alive = [matrix != 0 for matrix in prunable(self._encoder)]

    @torch.no_grad()
    def after(self, step: int, steps: int) -> None:
        """Set the others back to zero, wherever momentum has moved them."""
        for matrix, alive in zip(prunable(self._encoder), self._alive, strict=True):
            matrix.mul_(alive)


class Gradual(KeepZeros):
    """A step hook: sparsity rises over the first steps to its target, and stays there."""

    def __init__(self, encoder: Encoder, sparsity: float, share: float) -> None:
        """Reach `sparsity` after `share` of all steps, in at most 100 cuts."""
        super().__init__(encoder)
        self._target, self._share = sparsity, share

    def after(self, step: int, steps: int) -> None:
        """Keep the zeros, and make more of them where that is due."""
        super().after(step, steps)
        pruning = math.ceil(steps * self._share)
        every = math.ceil(pruning / MOST_CUTS)
        done = step + 1
        if done == pruning or (done < pruning and done % every == 0):
            prune_to(self._encoder, rising_sparsity(self._target, done / pruning))
