"""What every torch classifier here has in common, whoever wrote its layers."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

from edgecompress.core.errors import StageError


class Output(NamedTuple):
    """The answer of one forward pass over a batch of b texts, padded to s tokens."""

    logits: Tensor  # [b, classes]
    hidden: tuple[Tensor, ...] | None = None  # embeddings, then each layer: [b, s, hidden]
    attention: tuple[Tensor, ...] | None = None  # each layer, after softmax: [b, heads, s, s]


class Classifier(nn.Module, ABC):
    """A network that gives logits for token ids; padding stands on the right."""

    labels: tuple[str, ...]  # by index of the logit

    @abstractmethod
    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        hidden: bool = False,
        attention: bool = False,
    ) -> Output:
        """Answer [b, s] ids; the mask is 1 on tokens and 0 on padding, both int64."""

    @abstractmethod
    def rename_labels(self, labels: tuple[str, ...]) -> None:
        """Give the classes other names; their number and order stay."""

    @property
    @abstractmethod
    def max_tokens(self) -> int:
        """The longest text that the table of positions can hold."""

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """Rows of the table of word pieces."""

    @property
    @abstractmethod
    def word_vectors(self) -> Tensor:
        """The table of word pieces, as wide as the network: [vocab_size, hidden]."""

    def require_room(self, tokens: int) -> None:
        """Refuse texts that are longer than the table of positions.

        Raises:
            StageError: with both lengths.
        """
        if tokens > self.max_tokens:
            raise StageError(
                f"max_length: {tokens} tokens were asked for, "
                f"the model has positions for {self.max_tokens}"
            )

    @property
    def params(self) -> int:
        """Number of weights."""
        return sum(weight.numel() for weight in self.parameters())
