"""Neighbours of words: the made table of MiniLM's vectors, or a file that somebody gives."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgecompress.core.errors import DataError

WORDS, NEIGHBOURS, COSINES = "words.json", "neighbours.npy", "cosines.npy"

Neighbours = Mapping[str, list[str]]  # of a word in lower case, the nearest first


def made_neighbours(folder: Path, candidates: int, similarity: float = -1.0) -> Neighbours:
    """At most so many neighbours of each word of a made table, none below a cosine."""
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    near = np.load(folder / NEIGHBOURS)[:, :candidates]  # [words, k], the nearest first
    close = np.load(folder / COSINES)[:, :candidates] >= similarity
    return {
        word: [words[i] for i in row[kept]]
        for word, row, kept in zip(words, near, close, strict=True)
    }


def given_neighbours(path: Path, candidates: int) -> Neighbours:
    """A file `{"word": ["neighbour", ...]}`, the nearest first, also gzipped.

    Raises:
        DataError: it is no such file.
    """
    try:
        content = path.read_bytes()
        table = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(table, dict) or not all(map(_is_list_of_words, table.values())):
        raise DataError(f'{path}: needs the form {{"word": ["neighbour", ...]}}')
    return {word.lower(): near[:candidates] for word, near in table.items() if near}


def _is_list_of_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
