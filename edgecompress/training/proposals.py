"""Other words for a word: the nearest of a word table, or those that a masked model expects."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgecompress.core.errors import StageError
from edgecompress.data.changed_texts import Place
from edgecompress.models.checkpoint import load_masked_model
from edgecompress.models.classifier import Classifier
from edgecompress.models.inputs import padded
from edgecompress.runtime.text import Encoded, TextEncoder
from edgecompress.training.batches import batches_by_length

NEAR_BATCH = 256
MASKED_BATCH = 16  # an answer holds the whole vocabulary for every token
MASKS = ("[MASK]", "<mask>")
STARTS = ("Ġ", "▁")  # how a piece says that a word begins with it
CONTINUES = "##"  # how it says the contrary, where saying nothing means that a word begins


def whole_words(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Word -> id of the pieces that are a word of letters by themselves, at least two of them.

    Of forms that differ in case the one with the lowest id stands for all, which is the most
    frequent one where ids were given by frequency.
    """
    marked = any(piece.startswith(STARTS) for piece in vocabulary)
    found: dict[str, tuple[str, int]] = {}
    for piece, number in sorted(vocabulary.items(), key=lambda item: item[1]):
        word = piece[1:] if piece.startswith(STARTS) else "" if marked else piece
        if len(word) > 1 and word.isalpha():  # "##ing" is not
            found.setdefault(word.casefold(), (word, number))
    return dict(found.values())


class NearWords:
    """The nearest words by the cosine of their vectors, whatever stands around them."""

    def __init__(self, model: Classifier, reads: TextEncoder) -> None:
        """Take the word table of a model, and its tokenizer."""
        words = whole_words(reads.vocabulary)
        table = model.word_vectors.detach()[list(words.values())].float()
        self._words = list(words)
        self._unit = functional.normalize(table, dim=-1)  # [words, hidden]
        self._row = {word.casefold(): row for row, word in enumerate(self._words)}
        self._near: dict[str, list[str]] = {}

    def propose(self, places: Sequence[Place], count: int) -> list[list[str]]:
        """For each place the nearest words, none for words that the table does not have."""
        asked = {place.word.casefold() for place in places}
        new = sorted(asked & self._row.keys() - self._near.keys())
        for start in range(0, len(new), NEAR_BATCH):
            part = new[start : start + NEAR_BATCH]
            rows = torch.tensor([self._row[word] for word in part])
            likeness = self._unit[rows] @ self._unit.T
            likeness[torch.arange(len(part)), rows] = -torch.inf
            best = likeness.topk(min(count, len(self._words) - 1)).indices
            for word, near in zip(part, best.tolist(), strict=True):
                self._near[word] = [self._words[row] for row in near]
        return [self._near.get(place.word.casefold(), []) for place in places]


class MaskedWords:
    """What a masked language model expects in the place of a word, given its text."""

    def __init__(self, folder: Path, max_length: int) -> None:
        """Load the model, which reads `max_length` tokens of a text.

        Raises:
            IntegrityError: the folder holds no masked language model, or a refused one.
            StageError: its tokenizer has no piece that masks.
        """
        self._network = load_masked_model(folder)
        self._reads = TextEncoder(folder, max_length)
        vocabulary = self._reads.vocabulary
        masks = [piece for piece in MASKS if piece in vocabulary]
        if not masks:
            raise StageError(f"augment.masked_model: {folder} has no piece {' or '.join(MASKS)}")
        self._mask, self._mask_id = masks[0], vocabulary[masks[0]]
        words = whole_words(vocabulary)
        self._words, self._ids = list(words), torch.tensor(list(words.values()))

    def propose(self, places: Sequence[Place], count: int) -> list[list[str]]:
        """For each place the likeliest words but its own; none where the text is cut before it."""
        masked = [p.text[: p.start] + self._mask + p.text[p.end :] for p in places]
        encoded = self._reads.encode(masked)
        found: list[list[str]] = [[] for _ in places]
        seen = np.array([n for n, text in enumerate(encoded) if self._mask_id in text.ids], int)
        lengths = np.array([len(encoded[n].ids) for n in seen], int)
        for batch in batches_by_length(lengths, MASKED_BATCH):
            best = self._best([encoded[n] for n in seen[batch]], count + 1)
            for place, rows in zip(seen[batch], best.tolist(), strict=True):
                own = places[place].word.casefold()
                words = [self._words[row] for row in rows]
                found[place] = [word for word in words if word.casefold() != own][:count]
        return found

    @torch.inference_mode()
    def _best(self, texts: Sequence[Encoded], count: int) -> Tensor:
        """Rows of `_words` for the mask of each text, likeliest first, [b, count]."""
        ids, mask, _ = padded(texts, self._reads.pad_id)
        logits = self._network(input_ids=ids, attention_mask=mask).logits
        places = (ids == self._mask_id).int().argmax(dim=1)
        likely = logits[torch.arange(len(texts)), places][:, self._ids]
        best: Tensor = likely.topk(min(count, len(self._words))).indices
        return best
