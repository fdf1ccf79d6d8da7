"""Fused AdamW, and its state as named tensors."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


def make_optimizer(weights: Sequence[nn.Parameter], weight_decay: float) -> torch.optim.AdamW:
    """AdamW; biases and the weights of norms, which are all vectors, do not decay.

    Source: Loshchilov & Hutter (2019), arXiv:1711.05101.
    """
    matrices = [weight for weight in weights if weight.ndim > 1]
    vectors = [weight for weight in weights if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, fused=True)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments of every weight, under "NUMBER.NAME"."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": state[number][name] for number in state for name in state[number]}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Take up the moments that `optimizer_tensors` gave for an equal network."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".")
        state.setdefault(int(number), {})[name] = tensor.clone()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
