from collections.abc import Sequence

import numpy as np

from edgecompress.core.texts import Text, TextSet
from edgecompress.data.inspection import notes_on, overlap

LABELS = ("negative", "positive")


def texts(rows: Sequence[Text], labels: Sequence[int] | None = None, role: str = "test") -> TextSet:
    numbers = np.array(labels if labels is not None else [0] * len(rows))
    origins = tuple(f"{role}.csv:{i}" for i in range(len(rows)))
    return TextSet(role, tuple(rows), numbers, origins, digest=role)


def test_notes_count_rows_by_class():
    notes = notes_on(texts(["a", "b", "c"], [0, 1, 1]), LABELS)
    assert (notes["rows"], notes["classes"]) == (3, {"negative": 1, "positive": 2})


def test_notes_count_every_later_row_of_the_same_text():
    assert notes_on(texts(["a", "A", "a ", "b"]), LABELS)["duplicates"] == 2


def test_notes_count_texts_under_two_labels_once():
    notes = notes_on(texts(["a", "A", "a", "b"], [0, 1, 1, 0]), LABELS)
    assert notes["conflicting_labels"] == 1


def test_notes_tell_lengths_in_words_of_both_texts():
    notes = notes_on(texts([("a b", "c"), ("a", "b")]), LABELS)
    assert notes["words"] == {"median": 2, "p95": 2, "max": 3}


def test_unlabelled_rows_belong_to_no_class():
    assert notes_on(texts(["a"], [-1]), LABELS)["classes"] == "no labels"


def test_overlap_counts_rows_of_the_judging_role():
    found = overlap(texts(["a", "A", "b", "c"]), [texts(["a", "x", "a"], role="train")])
    assert (found.rows, found.by_role) == (2, {"train": 2})


def test_overlap_with_several_roles_is_counted_for_each_and_once_in_all():
    training = [texts(["a", "b"], role="train"), texts(["a"], role="transfer")]
    found = overlap(texts(["a", "b", "c"]), training)
    assert (found.rows, found.by_role) == (2, {"train": 2, "transfer": 1})


def test_overlap_shows_where_the_first_five_stand():
    rows = [str(i) for i in range(9)]
    found = overlap(texts(rows), [texts(rows, role="train")])
    assert found.examples == [(f"test.csv:{i}", f"train.csv:{i}") for i in range(5)]


def test_pairs_overlap_when_both_texts_are_the_same():
    found = overlap(texts([("a", "b"), ("a", "c")]), [texts([("A", "B")], role="train")])
    assert found.rows == 1
