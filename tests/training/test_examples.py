"""Texts that fooled a model, beside those that they were."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.errors import IntegrityError
from edgecompress.data.tiny import make_tiny_bert
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.batches import TokenRows
from edgecompress.training.examples import Example, load_examples, save_examples, with_examples
from tests.fakes import texts

FOUND = [Example(2, "a gOod film", "deepwordbug-10%"), Example(0, ("a", "b c"), "pwws")]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    folder = tmp_path_factory.mktemp("tiny-bert")
    make_tiny_bert(folder)
    return TextEncoder(folder, 48)


def test_they_come_back_as_they_were_saved(tmp_path):
    train = texts([0, 1, 1], "train")
    save_examples(FOUND, train, tmp_path)
    assert load_examples(tmp_path, train) == FOUND


def test_those_of_other_rows_are_refused(tmp_path):
    train = texts([0, 1, 1], "train")
    save_examples(FOUND, train, tmp_path)
    with pytest.raises(IntegrityError, match=r"was made of other rows than data\.train"):
        load_examples(tmp_path, replace(train, digest="1" * 64))


def test_each_stands_behind_the_rows_and_is_spoken_for_by_the_one_that_it_was(reader):
    train = texts([0, 1, 1], "train")
    rows, speaks = with_examples(TokenRows.of(train, reader), FOUND[:1], reader)
    np.testing.assert_array_equal(speaks, [0, 1, 2, 2])
    np.testing.assert_array_equal(rows.labels, [0, 1, 1, 1])
    assert rows.origins[3] == train.origins[2]
    assert rows.encoded[3].ids == reader.encode(["a gOod film"])[0].ids
