"""Texts with labels, as every floor above sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Text = str | tuple[str, str]
"""One input: a single text, or a pair (first, second)."""

UNLABELLED = -1


@dataclass(frozen=True)
class TextSet:
    """The rows of one data role, in a fixed order."""

    name: str  # the role, e.g. "train", "test", "ood/tweets"
    texts: tuple[Text, ...]
    labels: NDArray[np.int64]  # [n], index into the recipe's labels; UNLABELLED where there is none
    origins: tuple[str, ...]  # where each row came from, e.g. "reviews.csv:12"
    digest: str  # 64 hexadecimal characters: same digest, same rows in the same order
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)  # kept for slices; each [n]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def pairs(self) -> bool:
        """Whether the rows are sentence pairs."""
        return bool(self.texts) and not isinstance(self.texts[0], str)


def text_from_json(text: str | Sequence[str]) -> Text:
    """A text as JSON keeps it, where a pair is a list of two."""
    return text if isinstance(text, str) else (text[0], text[1])


def joined(text: Text) -> str:
    """One line for readers; a mark stands between the two texts of a pair."""
    return text if isinstance(text, str) else " ⏵ ".join(text)
