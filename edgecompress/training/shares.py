"""One batch, learnt by several processes: each takes every n-th row, then gradients are added up.

Rows of a batch stand in the order of their lengths, so every n-th row gives all processes about as
many tokens, and a loss that is a mean over tokens comes out much as in one process. A loss that is
a mean over rows comes out the same, up to rounding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgecompress.core.case import IntArray
from edgecompress.core.ranks import Ranks


def own_rows(rows: IntArray, ranks: Ranks) -> IntArray:
    """Those that this process learns from; none where the batch has fewer rows than processes."""
    return rows[ranks.number :: ranks.count]


def add_up(loss: Tensor, weights: Sequence[nn.Parameter], ranks: Ranks) -> Tensor:
    """The loss of the whole batch; the gradients of `weights` become those of the whole batch too.

    A weight of which no process has a gradient keeps none, so that the optimizer passes it by, as
    it does in one process.

    Args:
        loss: of this process's rows, times their share of the batch.
        weights: whose gradients are those of this loss.
    """
    ours = loss.detach().float()
    if ranks.count == 1:
        return ours
    asked = torch.tensor([float(weight.grad is not None) for weight in weights])
    grads = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    together = torch.cat([ours.reshape(1), asked, *(grad.flatten() for grad in grads)])
    ranks.add_up(together.numpy())
    sizes = [weight.numel() for weight in weights]
    total, asked, *grads = torch.split(together, [1, len(weights), *sizes])
    for weight, asking, grad in zip(weights, asked, grads, strict=True):
        weight.grad = grad.view_as(weight) if asking else None
    return total[0]


@torch.no_grad()
def take_leads_weights(network: nn.Module, ranks: Ranks) -> None:
    """Make the weights of every process those of the lead, to the bit."""
    for weight in network.state_dict().values():
        ranks.spread(weight.numpy())
