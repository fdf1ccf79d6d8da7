"""Dropout whose masks cost a quarter of torch's.

On a CPU torch draws a mask one element at a time from a serial generator, and writes it as floats:
a sixth of a training step. Sixteen random bits for each element decide as well, and one draw gives
four of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

BITS = 16
STEPS = 1 << BITS
LOWEST = -(1 << 63)


class QuickDropout(nn.Dropout):
    """`torch.nn.Dropout` with a rate rounded to 1/65,536; what is kept is scaled to that rate."""

    def forward(self, states: Tensor) -> Tensor:
        """Any shape, float; while training, elements are set to 0 at the rate `p`."""
        dropped = round(self.p * STEPS)
        if not self.training or dropped == 0:
            return states
        if dropped == STEPS:
            return states * 0
        return states * _mask(states, dropped)


def _mask(states: Tensor, dropped: int) -> Tensor:
    """1 / (1 - rate) where an element is kept and 0 elsewhere, as `states` is shaped and typed."""
    draws = torch.empty(-(-states.numel() // 4), dtype=torch.int64)
    bits = draws.random_(LOWEST, None).view(torch.int16)[: states.numel()]
    kept = bits >= dropped - STEPS // 2
    return kept.view(states.shape).to(states.dtype).mul_(STEPS / (STEPS - dropped))


@contextmanager
def training_dropout(model: nn.Module, rate: float | None = None) -> Iterator[None]:
    """Within, every plain `nn.Dropout` of the model draws its masks quickly.

    Args:
        model: any network.
        rate: of all of them within; None leaves each its own.
    """
    own = {module: module.p for module in model.modules() if type(module) is nn.Dropout}
    for module in own:
        module.__class__ = QuickDropout
        module.p = module.p if rate is None else rate
    try:
        yield
    finally:
        for module, p in own.items():
            module.__class__, module.p = nn.Dropout, p
