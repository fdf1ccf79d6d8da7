"""The operations that a cell may hold; each stands in a residual with a norm behind it.

All of them export to operators that every ONNX engine knows. A convolution over tokens is written
as a sum of shifted products: onnxruntime's own one needs two transpositions around it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from edgecompress.models.encoder_config import ACTIVATIONS, EncoderConfig
from edgecompress.models.layers import Attention


class Seen(NamedTuple):
    """Which tokens of a batch are there."""

    mask: Tensor | None  # as `Attention` takes it
    tokens: Tensor  # [b, s, 1]: 1 on tokens, 0 on padding
    explicit: bool  # attention is spelt out


class Operation(nn.Module, ABC):
    """A change of the states; what comes out is the norm of state plus change."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    @abstractmethod
    def change(self, states: Tensor, seen: Seen) -> Tensor:
        """[b, s, width] -> the same shape."""

    def forward(self, states: Tensor, seen: Seen) -> Tensor:
        """[b, s, width] -> the same shape."""
        changed: Tensor = self.norm(self.dropout(self.change(states, seen)) + states)
        return changed


class Attend(Operation):
    """Multi-head self-attention, as BERT's."""

    def __init__(self, config: EncoderConfig, index: int) -> None:
        super().__init__(config)
        self.attention = Attention(config, index)

    def change(self, states: Tensor, seen: Seen) -> Tensor:
        """Each token takes from all others."""
        mixed: Tensor = self.attention(states, seen.mask, seen.explicit)[0]
        return mixed


class FeedForward(Operation):
    """Two dense layers, as BERT's."""

    def __init__(self, config: EncoderConfig, index: int) -> None:
        super().__init__(config)
        self.up = nn.Linear(config.hidden, config.intermediate[index])
        self.down = nn.Linear(config.intermediate[index], config.hidden)
        self.activation = ACTIVATIONS[config.activation]

    def change(self, states: Tensor, seen: Seen) -> Tensor:
        """Each token alone."""
        changed: Tensor = self.down(self.activation(self.up(states)))
        return changed


class Convolve(Operation):
    """A convolution of each channel over neighbouring tokens, and an activation."""

    def __init__(self, config: EncoderConfig, kernel: int) -> None:
        super().__init__(config)
        self.reach = kernel // 2  # tokens on either side
        # One weight each: a slice of a common one would not be a constant of the exported graph.
        self.taps = nn.ParameterList(torch.empty(config.hidden) for _ in range(kernel))
        self.bias = nn.Parameter(torch.zeros(config.hidden))
        self.activation = ACTIVATIONS[config.activation]
        for tap in self.taps:
            nn.init.normal_(tap, std=1 / kernel)

    def change(self, states: Tensor, seen: Seen) -> Tensor:
        """Each token takes from those beside it; padding counts as nothing."""
        batch, length, width = states.shape
        beyond = states.new_zeros((batch, self.reach, width))
        wide = torch.cat((beyond, states * seen.tokens, beyond), dim=1)
        total = self.bias
        for shift, tap in enumerate(self.taps):
            total = total + wide[:, shift : shift + length] * tap
        return self.activation(total)


class Gate(Operation):
    """A linear map, let through by the sigmoid of another.

    Source: Dauphin et al. (2017), arXiv:1612.08083, equation 1, without its convolution.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.value = nn.Linear(config.hidden, config.hidden)
        self.gate = nn.Linear(config.hidden, config.hidden)

    def change(self, states: Tensor, seen: Seen) -> Tensor:
        """Each token alone."""
        changed: Tensor = self.value(states) * torch.sigmoid(self.gate(states))
        return changed


class Pass(nn.Module):
    """Nothing: of two places that it reads, their sum."""

    def forward(self, states: Tensor, seen: Seen) -> Tensor:
        """What comes in."""
        return states


OPERATIONS: Mapping[str, Callable[[EncoderConfig, int], nn.Module]] = {
    "attention": Attend,
    "feed_forward": FeedForward,
    "conv3": lambda config, _: Convolve(config, 3),
    "conv5": lambda config, _: Convolve(config, 5),
    "gated": lambda config, _: Gate(config),
    "identity": lambda *_: Pass(),
}
