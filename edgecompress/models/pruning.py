"""Surgery on an encoder: heads and feed-forward neurons are taken out, and all else stays.

What is left answers exactly as the whole network would with the outputs of the others set to zero.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from edgecompress.models.encoder import Encoder
from edgecompress.models.layers import Layer, LowRank


@dataclass(frozen=True)
class Kept:
    """What is left of one layer: numbers of its heads and of its neurons, counted from 0."""

    heads: tuple[int, ...]
    neurons: tuple[int, ...]


def cut_widths(encoder: Encoder, kept: Sequence[Kept]) -> Encoder:
    """A narrower copy of the encoder, with one `Kept` for each layer; their order is kept too."""
    smaller = copy.deepcopy(encoder)
    for layer, left in zip(smaller.layers, kept, strict=True):
        assert isinstance(layer, Layer)
        _cut_heads(layer, torch.tensor(sorted(left.heads)))
        _cut_neurons(layer, torch.tensor(sorted(left.neurons)))
    smaller.config = replace(
        encoder.config,
        heads=tuple(len(left.heads) for left in kept),
        intermediate=tuple(len(left.neurons) for left in kept),
    )
    return smaller


def keep_outputs(module: nn.Linear | LowRank, index: Tensor) -> None:
    """Let a linear layer give only these of its outputs, in this order."""
    last = module.widen if isinstance(module, LowRank) else module
    last.weight = nn.Parameter(last.weight.detach().index_select(0, index))
    last.bias = nn.Parameter(last.bias.detach().index_select(0, index))
    last.out_features = len(index)


def keep_inputs(module: nn.Linear | LowRank, index: Tensor) -> None:
    """Let a linear layer read only these of its inputs, in this order."""
    first = module.narrow if isinstance(module, LowRank) else module
    first.weight = nn.Parameter(first.weight.detach().index_select(1, index))
    first.in_features = len(index)


def _cut_heads(layer: Layer, heads: Tensor) -> None:
    attention = layer.attention
    columns = heads[:, None] * attention.head_size + torch.arange(attention.head_size)
    for matrix in (attention.query, attention.key, attention.value):
        keep_outputs(matrix, columns.flatten())
    keep_inputs(attention.out, columns.flatten())
    attention.heads = len(heads)


def _cut_neurons(layer: Layer, neurons: Tensor) -> None:
    keep_outputs(layer.up, neurons)
    keep_inputs(layer.down, neurons)
