"""Sentences with one label a word, as far as TextAttack looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


class Tokenizer:
    """The base class of TextAttack's own tokenizer."""

    def tokenize(self, text: str) -> Sequence[str]:
        """The words of a text."""
        raise NotImplementedError


@dataclass(frozen=True)
class Label:
    """What a tagger says of a word, e.g. S-PER for a name alone, and how sure it is."""

    value: str = "O"
    score: float = 1.0


@dataclass
class Token:
    """One word."""

    text: str
    label: Label = field(default_factory=Label)

    def get_label(self, kind: str) -> Label:
        """Names are the only kind there is."""
        return self.label


class Sentence:
    """A text cut into words."""

    def __init__(self, text: str, use_tokenizer: Tokenizer) -> None:
        self.tokens = [Token(word) for word in use_tokenizer.tokenize(text)]
