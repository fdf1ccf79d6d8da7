"""Names by lookup: capitalised words that stand in TextAttack's lists of people and places."""

from collections.abc import Iterator
from typing import Self

from textattack.shared.data import NAMED_ENTITIES, PERSON_NAMES

from .data import Label, Sentence

FIRST_NAMES = frozenset(PERSON_NAMES["first"])
LAST_NAMES = frozenset(PERSON_NAMES["last"])
PLACES = frozenset(
    name for kind in ("country", "nationality", "city") for name in NAMED_ENTITIES[kind]
)
LONGEST_PLACE = max(len(place.split()) for place in PLACES)


class SequenceTagger:
    """Marks people and places; the letters in front say begin, end or single, as flair's do."""

    @classmethod
    def load(cls, name: str) -> Self:
        """There is only one, whatever it is called."""
        return cls()

    def predict(self, sentence: Sentence, *, force_token_predictions: bool = True) -> None:
        """Label every word of a sentence."""
        words = [token.text for token in sentence.tokens]
        for token, tag in zip(sentence.tokens, tags(words), strict=True):
            token.label = Label(tag)


def tags(words: list[str]) -> list[str]:
    """One for each word; O for one that is no name.

    A sentence begins with a capital anyway, so its first word alone is no name of a person.
    """
    found = ["O"] * len(words)
    for start, length in _places(words):
        found[start : start + length] = ["S-LOC"] * length
    for at, word in enumerate(words):
        if found[at] != "O" or word not in FIRST_NAMES:
            continue
        if words[at + 1 : at + 2] and words[at + 1] in LAST_NAMES:
            found[at : at + 2] = ["B-PER", "E-PER"]
        elif at > 0:
            found[at] = "S-PER"
    return found


def _places(words: list[str]) -> Iterator[tuple[int, int]]:
    """Where places begin and how many words they have, the longest first."""
    at = 0
    while at < len(words):
        lengths = range(min(LONGEST_PLACE, len(words) - at), 0, -1)
        fits = (n for n in lengths if " ".join(words[at : at + n]) in PLACES)
        length = next(fits, 0)
        if length:
            yield at, length
        at += max(length, 1)
