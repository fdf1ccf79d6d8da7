"""What networks of our own code share: embeddings, a head, and a configuration of both."""

from dataclasses import replace
from typing import ClassVar

from torch import Tensor, nn

from edgecompress.models.classifier import Classifier
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.layers import Embeddings, Head


class OwnEncoder(Classifier):
    """A text classifier whose parts can be taken apart and exported.

    Attributes:
        explicit_attention: spell attention out as matrix products and a softmax. Slower to
            answer, but its ONNX graph is the one that onnxruntime fuses. Set it before an export.
    """

    model_type: ClassVar[str]  # in config.json
    config_class: ClassVar[type[EncoderConfig]]

    embeddings: Embeddings
    head: Head

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.labels = config.labels
        self.explicit_attention = False

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


def start_anew(module: nn.Module) -> None:
    """BERT's first weights: normal with deviation 0.02, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
