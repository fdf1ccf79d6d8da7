"""Our own BERT-class encoder: each layer may have its own widths and ranks.

Hugging Face's configuration can say none of it, so a compressed network needs its own class. An
uncompressed BERT, DistilBERT or RoBERTa classifier becomes one by `Encoder.from_pretrained`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from edgecompress.models.classifier import Classifier, Output
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.families import encoder_fields, encoder_weights
from edgecompress.models.layers import Embeddings, Head, Layer, LowRank

__all__ = ["Encoder", "EncoderConfig", "LowRank", "additive_mask", "take_layers"]


class Encoder(Classifier):
    """A BERT-class text classifier.

    Attributes:
        explicit_attention: spell attention out as matrix products and a softmax. Slower to
            answer, but its ONNX graph is the one that onnxruntime fuses. Set it before an export.

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
        """See `Classifier.forward`; attention maps are only made by explicit arithmetic.

        So is dropout on them, for which torch has no fused operator on a CPU.
        """
        drops = self.training and any(layer.attention.dropout.p for layer in self.layers)
        explicit = self.explicit_attention or attention or drops
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

    @property
    def word_vectors(self) -> Tensor:
        """The table of word pieces, as wide as the network: [vocab_size, hidden]."""
        table: Tensor = self.embeddings.widen(self.embeddings.word.weight)
        return table

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
        ranks=tuple(encoder.config.ranks[index] for index in layers if encoder.config.ranks),
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
