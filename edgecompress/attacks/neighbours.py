"""The table of nearest words by MiniLM's vectors, made once and kept."""

import json
from pathlib import Path
from typing import Final

import numpy as np
import torch

from edgecompress.attacks.sentences import SentenceVectors
from edgecompress.attacks.table import COSINES, NEIGHBOURS, WORDS
from edgecompress.core.progress import Progress

NEAREST: Final = 50  # as many as TextFooler tries
TOGETHER: Final = 256


def write_neighbours(encoder: Path, out: Path, progress: Progress) -> None:
    """For each word of the tokenizer its nearest others, by the cosine of their vectors.

    Args:
        encoder: the resource `minilm-l6`.
        out: gets words.json [n], neighbours.npy [n, k] of rows of it, cosines.npy [n, k], falling.
    """
    vectors_of = SentenceVectors(encoder)
    words = whole_words(vectors_of.encoder.vocabulary)
    vectors = np.empty((len(words), 0), np.float32)
    with progress.track("vectors of words", len(words), "words") as bar:
        parts = []
        for start in range(0, len(words), TOGETHER):
            parts.append(vectors_of(words[start : start + TOGETHER]))
            bar.advance(len(parts[-1]))
        vectors = np.concatenate(parts)
    near, close = _nearest(torch.from_numpy(vectors), min(NEAREST, len(words) - 1))
    (out / WORDS).write_text(json.dumps(words), encoding="utf-8")
    np.save(out / NEIGHBOURS, near)
    np.save(out / COSINES, close)


def whole_words(vocabulary: dict[str, int]) -> list[str]:
    """Pieces of the tokenizer that are whole words of letters, in the order of their ids."""
    words = (w for w in vocabulary if w.isascii() and w.isalpha() and w.islower() and len(w) > 1)
    return sorted(words, key=vocabulary.__getitem__)


def _nearest(
    vectors: torch.Tensor, count: int
) -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.int32]],
    np.ndarray[tuple[int, int], np.dtype[np.float32]],
]:
    """Rows of the nearest others and their cosines, each [n, count]; vectors have length 1."""
    near, close = [], []
    for start in range(0, len(vectors), TOGETHER):
        part = vectors[start : start + TOGETHER]
        cosines = part @ vectors.T
        cosines[torch.arange(len(part)), torch.arange(start, start + len(part))] = -2.0  # itself
        best = cosines.topk(count, dim=1)
        near.append(best.indices.to(torch.int32).numpy())
        close.append(best.values.numpy())
    return np.concatenate(near), np.concatenate(close)
