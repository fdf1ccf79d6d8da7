"""The parts of our encoder: each as wide, and of as low a rank, as its configuration says."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgecompress.models.encoder_config import ACTIVATIONS, EncoderConfig


class LowRank(nn.Module):
    """A linear layer as the product of two thin ones; it stands where an nn.Linear stood."""

    def __init__(self, in_features: int, rank: int, out_features: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(in_features, rank, bias=False)
        self.widen = nn.Linear(rank, out_features)

    @property
    def in_features(self) -> int:
        """Width of what goes in."""
        return self.narrow.in_features

    @property
    def rank(self) -> int:
        """Width between the two."""
        return self.narrow.out_features

    @property
    def out_features(self) -> int:
        """Width of what comes out."""
        return self.widen.out_features

    def forward(self, states: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        widened: Tensor = self.widen(self.narrow(states))
        return widened


def linear(in_features: int, out_features: int, rank: int | None) -> nn.Linear | LowRank:
    """A linear layer with a bias, whole or of low rank."""
    if rank is None:
        return nn.Linear(in_features, out_features)
    return LowRank(in_features, rank, out_features)


class Embeddings(nn.Module):
    """Word + position + segment, normalised."""

    positions: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        rank = config.embedding_rank or config.hidden
        self.word = nn.Embedding(config.vocab_size, rank)
        self.widen = (
            nn.Linear(rank, config.hidden, bias=False) if config.embedding_rank else nn.Identity()
        )
        self.position = nn.Embedding(config.max_positions, config.hidden)
        self.segment = nn.Embedding(config.type_vocab, config.hidden) if config.type_vocab else None
        self.norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        rows = torch.arange(config.position_offset, config.max_positions).unsqueeze(0)
        self.register_buffer("positions", rows, persistent=False)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        """[b, s] ids -> [b, s, hidden]."""
        total = self.widen(self.word(input_ids))
        if self.segment is not None:
            types = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
            total = total + self.segment(types)
        total = total + self.position(self.positions[:, : input_ids.shape[1]])
        embedded: Tensor = self.dropout(self.norm(total))
        return embedded


class Attention(nn.Module):
    """Multi-head self-attention, with as many heads as this layer kept."""

    def __init__(self, config: EncoderConfig, index: int) -> None:
        super().__init__()
        self.heads, self.head_size = config.heads[index], config.head_size
        width = self.heads * self.head_size
        self.query = linear(config.hidden, width, config.rank(index, "query"))
        self.key = linear(config.hidden, width, config.rank(index, "key"))
        self.value = linear(config.hidden, width, config.rank(index, "value"))
        self.out = linear(width, config.hidden, config.rank(index, "out"))
        self.dropout = nn.Dropout(config.attention_dropout)

    def forward(
        self, states: Tensor, mask: Tensor | None, explicit: bool
    ) -> tuple[Tensor, Tensor | None]:
        """[b, s, hidden] -> the same shape, and the attention maps where the arithmetic has them.

        Explicit arithmetic takes an additive mask and gives maps; otherwise the mask is boolean.
        Its operations come in the order in which onnxruntime's transformer optimizer looks for
        them; from torch's fused operator it recognises no attention at all.
        """
        batch, length, _ = states.shape
        split = (batch, length, self.heads, self.head_size)
        query = self.query(states).view(split).transpose(1, 2)
        key = self.key(states).view(split).transpose(1, 2)
        value = self.value(states).view(split).transpose(1, 2)
        maps = None
        if explicit:
            scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(self.head_size)
            maps = torch.softmax(scores if mask is None else scores + mask, dim=-1)
            mixed = torch.matmul(self.dropout(maps), value)
        else:
            dropout = self.dropout.p if self.training else 0.0
            mixed = functional.scaled_dot_product_attention(query, key, value, mask, dropout)
        mixed = mixed.transpose(1, 2).reshape(batch, length, self.heads * self.head_size)
        return self.out(mixed), maps


class Layer(nn.Module):
    """Attention, then two dense layers; each with a residual and a norm behind it."""

    def __init__(self, config: EncoderConfig, index: int) -> None:
        super().__init__()
        self.attention = Attention(config, index)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        width = config.intermediate[index]
        self.up = linear(config.hidden, width, config.rank(index, "up"))
        self.down = linear(width, config.hidden, config.rank(index, "down"))
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.activation = ACTIVATIONS[config.activation]
        self.dropout = nn.Dropout(config.dropout)

    @property
    def drops_attention(self) -> bool:
        """Whether holes are torn into its attention maps while it trains."""
        return self.attention.dropout.p > 0

    def forward(
        self, states: Tensor, mask: Tensor | None, explicit: bool
    ) -> tuple[Tensor, Tensor | None]:
        """[b, s, hidden] -> the same shape, and the attention maps where there are any."""
        mixed, maps = self.attention(states, mask, explicit)
        states = self.attention_norm(self.dropout(mixed) + states)
        changed = self.down(self.activation(self.up(states)))
        return self.output_norm(self.dropout(changed) + states), maps


class Head(nn.Module):
    """The first token's state, one dense layer, and the logits."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden)
        self.out = nn.Linear(config.hidden, len(config.labels))
        self.activation = ACTIVATIONS[config.head_activation]
        self.dropout = nn.Dropout(config.head_dropout)

    def forward(self, states: Tensor) -> Tensor:
        """[b, s, hidden] -> [b, classes]."""
        logits: Tensor = self.out(self.dropout(self.activation(self.dense(states[:, 0]))))
        return logits
