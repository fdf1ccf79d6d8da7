"""Parts of attacks that TextAttack lacks or would have to fetch. Imported by workers only."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from nltk.corpus import wordnet
from textattack.constraints.semantics.sentence_encoders import SentenceEncoder
from textattack.transformations import WordSwap
from textattack.transformations.word_swaps.word_swap_embedding import recover_word_case
from torch import Tensor

from edgecompress.attacks.sentences import SentenceVectors
from edgecompress.attacks.table import Neighbours

# Letters of other alphabets that most fonts draw alike; each is a letter, so words stay words.
LOOK_ALIKES: Final[Mapping[str, str]] = {
    **dict(zip("aceijopsxy", "асеіјорѕху", strict=True)),  # Cyrillic
    **dict(zip("dhqw", "ԁһԛԝ", strict=True)),  # Cyrillic, of Komi, Bashkir and Kurdish
    **dict(zip("vu", "νυ", strict=True)),  # Greek
    **dict(zip("gln", "ɡӏո", strict=True)),  # IPA, Cyrillic, Armenian
    **dict(zip("ABCEHIKMOPSTXYZ", "АВСЕНІКМОРЅТХΥΖ", strict=True)),  # Cyrillic and Greek
}


class HomoglyphSwap(WordSwap):  # type: ignore[misc]  # TextAttack ships no types
    """One letter gives way to one that looks the same; every letter is tried."""

    def _get_replacement_words(self, word: str) -> list[str]:
        return [
            word[:at] + LOOK_ALIKES[letter] + word[at + 1 :]
            for at, letter in enumerate(word)
            if letter in LOOK_ALIKES
        ]


class NeighbourSwap(WordSwap):  # type: ignore[misc]
    """A word gives way to its neighbours."""

    def __init__(self, neighbours: Neighbours) -> None:
        super().__init__()
        self._neighbours = neighbours

    def _get_replacement_words(self, word: str) -> list[str]:
        return [recover_word_case(other, word) for other in self._others(word.lower())]

    def _others(self, word: str) -> list[str]:
        return self._neighbours.get(word, [])


class SynonymSwap(NeighbourSwap):
    """The same, but not to its opposites: vectors made from contexts put those near."""

    def _others(self, word: str) -> list[str]:
        opposites = _opposites(word)
        return [other for other in super()._others(word) if not _base_forms(other) & opposites]


@lru_cache(2**14)
def _opposites(word: str) -> frozenset[str]:
    """Antonyms of the word and of its synonyms, in base form, as WordNet has them."""
    lemmas = (lemma for synset in wordnet.synsets(word) for lemma in synset.lemmas())
    return frozenset(other.name().lower() for lemma in lemmas for other in lemma.antonyms())


@lru_cache(2**14)
def _base_forms(word: str) -> frozenset[str]:
    forms = (wordnet.morphy(word, kind) for kind in (None, "n", "v", "a", "r"))
    return frozenset({word.lower(), *filter(None, forms)})


class MiniLMSimilarity(SentenceEncoder):  # type: ignore[misc]
    """Keeps the text near what it was, by MiniLM's vectors; a text is encoded once."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._vectors = _vectors_of(folder)
        self._known: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = {}

    def encode(self, sentences: list[str]) -> Tensor:
        """[n, hidden]."""
        new = [text for text in dict.fromkeys(sentences) if text not in self._known]
        if new:
            self._known |= zip(new, self._vectors(new), strict=True)
        return torch.from_numpy(np.stack([self._known[text] for text in sentences]))

    def clear_cache(self) -> None:
        """TextAttack calls it after each text."""
        self._known.clear()


@lru_cache
def _vectors_of(folder: Path) -> SentenceVectors:
    return SentenceVectors(folder)
