"""Our own BERT-class encoder: each layer may have its own widths and ranks.

Hugging Face's configuration can say none of it, so a compressed network needs its own class. An
uncompressed BERT, DistilBERT or RoBERTa classifier becomes one by `Encoder.from_pretrained`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from edgecompress.models.classifier import Output
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.families import encoder_fields, encoder_weights
from edgecompress.models.layers import Embeddings, Head, Layer, LowRank
from edgecompress.models.own_encoder import OwnEncoder, start_anew

__all__ = ["Encoder", "EncoderConfig", "LowRank", "additive_mask", "take_layers", "token_mask"]


class Encoder(OwnEncoder):
    """A BERT-class text classifier.

    Source: Devlin et al. (2019), arXiv:1810.04805; with the widths of each layer set free.
    """

    model_type: ClassVar[str] = "edgecompress-encoder"
    config_class: ClassVar[type[EncoderConfig]] = EncoderConfig

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config, index) for index in range(config.layers))
        self.head = Head(config)
        self.apply(start_anew)

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
        drops = self.training and any(layer.drops_attention for layer in self.layers)
        explicit = self.explicit_attention or attention or drops
        states = self.embeddings(input_ids, token_type_ids)
        mask = token_mask(attention_mask, states.dtype, explicit=explicit)
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


def token_mask(mask: Tensor, dtype: torch.dtype, *, explicit: bool) -> Tensor | None:
    """[b, s] of 1 and 0 as `Attention` takes it: additive for explicit arithmetic, else boolean.

    Without padding torch's fused attention gets none, which is its fast path.
    """
    if explicit:
        return additive_mask(mask, dtype)
    return None if bool(mask.all()) else mask[:, None, None, :].bool()
