"""Our own BERT-class encoder: each layer may have its own width, and the embeddings a low rank.

Hugging Face's configuration can say neither, so a compressed network needs its own class. An
uncompressed BERT, DistilBERT or RoBERTa classifier becomes one by `Encoder.from_pretrained`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from edgecompress.models.classifier import Classifier, Output
from edgecompress.models.families import encoder_fields, encoder_weights

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_new": partial(functional.gelu, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
}


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
        unknown = {self.activation, self.head_activation} - ACTIVATIONS.keys()
        if unknown:
            raise ValueError(f"no activation {sorted(unknown)}; there are {sorted(ACTIVATIONS)}")

    @property
    def layers(self) -> int:
        """How many layers the network has."""
        return len(self.heads)

    def to_json(self) -> dict[str, Any]:
        """JSON values only; `from_json` gives an equal configuration back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, after a trip through a file.

        Raises:
            TypeError: a field is missing, or unknown.
        """
        lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})


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

    def __init__(self, config: EncoderConfig, heads: int) -> None:
        super().__init__()
        width = heads * config.head_size
        self.query = nn.Linear(config.hidden, width)
        self.key = nn.Linear(config.hidden, width)
        self.value = nn.Linear(config.hidden, width)
        self.out = nn.Linear(width, config.hidden)
        self.heads, self.head_size = heads, config.head_size
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
        self.attention = Attention(config, config.heads[index])
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.up = nn.Linear(config.hidden, config.intermediate[index])
        self.down = nn.Linear(config.intermediate[index], config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.activation = ACTIVATIONS[config.activation]
        self.dropout = nn.Dropout(config.dropout)

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


class Encoder(Classifier):
    """A BERT-class text classifier.

    Attributes:
        explicit_attention: spell attention out as matrix products and a softmax. Slower to train,
            but its ONNX graph is the one that onnxruntime fuses. Set it before an export.

    Source: Devlin et al. (2019), arXiv:1810.04805; with the widths of each layer set free.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.labels = config.labels
        self.explicit_attention = False
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config, index) for index in range(config.layers))
        self.head = Head(config)
        self.apply(_start)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        hidden: bool = False,
        attention: bool = False,
    ) -> Output:
        """See `Classifier.forward`; attention maps are only made by explicit arithmetic."""
        explicit = self.explicit_attention or attention
        states = self.embeddings(input_ids, token_type_ids)
        mask = additive_mask(attention_mask, states.dtype) if explicit else _keep(attention_mask)
        all_states, all_maps = [states], []
        for layer in self.layers:
            states, maps = layer(states, mask, explicit)
            all_states.append(states)
            all_maps.append(maps)
        return Output(
            self.head(states),
            tuple(all_states) if hidden else None,
            tuple(all_maps) if attention else None,
        )

    def rename_labels(self, labels: tuple[str, ...]) -> None:
        """Give the classes other names; their number and order stay."""
        self.config, self.labels = replace(self.config, labels=labels), labels

    @property
    def max_tokens(self) -> int:
        """The longest text that the table of positions can hold."""
        return self.config.max_positions - self.config.position_offset

    @property
    def vocab_size(self) -> int:
        """Rows of the table of word pieces."""
        return self.config.vocab_size

    @classmethod
    def from_pretrained(cls, model: PreTrainedModel) -> Self:
        """The same classifier in our class: equal logits, other names.

        Raises:
            StageError: the model is of no family whose layers ours can hold.
        """
        encoder = cls(EncoderConfig(**encoder_fields(model.config)))
        encoder.load_state_dict(encoder_weights(model, list(encoder.state_dict())))
        return encoder.train(model.training)


def take_layers(encoder: Encoder, layers: Sequence[int]) -> Encoder:
    """A shallower copy: the layers of these indices, in this order, and all that is around them."""
    config = replace(
        encoder.config,
        heads=tuple(encoder.config.heads[index] for index in layers),
        intermediate=tuple(encoder.config.intermediate[index] for index in layers),
    )
    smaller = Encoder(config)
    smaller.embeddings.load_state_dict(encoder.embeddings.state_dict())
    smaller.head.load_state_dict(encoder.head.state_dict())
    for target, index in zip(smaller.layers, layers, strict=True):
        target.load_state_dict(encoder.layers[index].state_dict())
    return smaller.train(encoder.training)


def additive_mask(attention_mask: Tensor, dtype: torch.dtype) -> Tensor:
    """[b, s] of 1 and 0 -> [b, 1, 1, s] of 0 and the lowest number, to add to scores."""
    drop = 1.0 - attention_mask.unsqueeze(1).unsqueeze(2).to(dtype)
    return drop * torch.finfo(dtype).min


def _keep(attention_mask: Tensor) -> Tensor | None:
    """The boolean mask of torch's fused attention; None, and its fast path, without padding."""
    return None if bool(attention_mask.all()) else attention_mask[:, None, None, :].bool()


def _start(module: nn.Module) -> None:
    """BERT's first weights: normal with deviation 0.02, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
