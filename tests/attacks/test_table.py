"""Neighbours of words."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from edgecompress.attacks.neighbours import whole_words, write_neighbours
from edgecompress.attacks.sentences import SentenceVectors
from edgecompress.attacks.table import given_neighbours, made_neighbours
from edgecompress.core.errors import DataError
from edgecompress.core.progress import Silent


@pytest.fixture(scope="module")
def made(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_neighbours(minilm, folder, Silent())
    return folder


def test_neighbours_are_the_nearest_by_cosine(made: Path, minilm: Path):
    table = made_neighbours(made, candidates=3)
    words = list(table)
    vectors = SentenceVectors(minilm)(words)
    cosines = vectors @ vectors[words.index("film")]
    nearest = [words[i] for i in np.argsort(-cosines) if words[i] != "film"]
    assert table["film"] == nearest[:3]


def test_words_further_off_than_the_least_cosine_are_none(made: Path):
    assert sum(map(len, made_neighbours(made, 50, similarity=1.01).values())) == 0


def test_whole_words_are_letters_alone_in_the_order_of_their_ids():
    vocabulary = {"##s": 3, "film": 9, "a": 4, "good": 5, "[CLS]": 1, "ф": 6, "42": 7, "it": 8}
    assert whole_words(vocabulary) == ["good", "it", "film"]


@pytest.mark.parametrize("name", ["table.json", "table.json.gz"])
def test_a_given_table_is_read(tmp_path: Path, name: str):
    content = json.dumps({"Good": ["fine", "great", "nice"], "the": []}).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert given_neighbours(tmp_path / name, 2) == {"good": ["fine", "great"]}


@pytest.mark.parametrize("content", ["[1]", '{"good": "fine"}', '{"good": [1]}', "{"])
def test_another_form_of_table_is_refused(tmp_path: Path, content: str):
    (tmp_path / "table.json").write_text(content)
    with pytest.raises(DataError, match=r"table.json: (needs the form|cannot be read)"):
        given_neighbours(tmp_path / "table.json", 2)
