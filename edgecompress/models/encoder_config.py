"""Every width of our encoder in JSON values: these and the weights make the network."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_new": partial(functional.gelu, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
}
ATTENTION = ("query", "key", "value", "out")
FEED_FORWARD = ("up", "down")


@dataclass(frozen=True)
class EncoderConfig:
    """Every width of the network, so that weights plus this make the model."""

    vocab_size: int
    hidden: int
    heads: tuple[int, ...]  # by layer
    head_size: int
    intermediate: tuple[int, ...]  # by layer
    labels: tuple[str, ...]
    embedding_rank: int | None = None  # None: the word table is as wide as the network
    ranks: tuple[Mapping[str, int], ...] = ()  # by layer: matrix -> rank of its two factors
    type_vocab: int = 2  # 0 where the family has no segment embeddings
    max_positions: int = 512
    position_offset: int = 0  # row of the first token; RoBERTa's table starts at 2
    layer_norm_eps: float = 1e-12
    activation: str = "gelu"
    head_activation: str = "tanh"
    dropout: float = 0.1
    attention_dropout: float = 0.1
    head_dropout: float = 0.1
    pad_id: int = 0

    def __post_init__(self) -> None:
        if len(self.heads) != len(self.intermediate):
            raise ValueError(
                f"heads has {len(self.heads)} layers, intermediate has {len(self.intermediate)}"
            )
        if self.ranks and len(self.ranks) != len(self.heads):
            raise ValueError(f"heads has {len(self.heads)} layers, ranks has {len(self.ranks)}")
        strange = {name for layer in self.ranks for name in layer} - {*ATTENTION, *FEED_FORWARD}
        if strange:
            raise ValueError(
                f"ranks: no matrix {sorted(strange)}; there are {[*ATTENTION, *FEED_FORWARD]}"
            )
        unknown = {self.activation, self.head_activation} - ACTIVATIONS.keys()
        if unknown:
            raise ValueError(f"no activation {sorted(unknown)}; there are {sorted(ACTIVATIONS)}")

    @property
    def layers(self) -> int:
        """How many layers the network has."""
        return len(self.heads)

    def rank(self, layer: int, matrix: str) -> int | None:
        """Rank of one matrix of one layer; None: it is stored whole."""
        return self.ranks[layer].get(matrix) if self.ranks else None

    @property
    def fusions(self) -> Mapping[str, int]:
        """Operators that onnxruntime must make of the exported graph; see `fuse_attention`."""
        whole = sum(
            all(self.rank(layer, matrix) is None for matrix in ATTENTION)
            for layer in range(self.layers)
        )
        return {"Attention": whole, "LayerNormalization": 2 * self.layers + 1}

    def to_json(self) -> dict[str, Any]:
        """JSON values only; `from_json` gives an equal configuration back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, after a trip through a file.

        Raises:
            TypeError: a field is missing, or unknown.
            ValueError: two fields contradict each other.
        """
        lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})
