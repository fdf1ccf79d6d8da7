from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.core.texts import UNLABELLED
from edgecompress.data.rows import rows_of
from edgecompress.data.table import MISSING, Table
from edgecompress.recipe.schema import DataRef

LABELS = ("negative", "positive")
REF = DataRef(source="r.csv")


def table(
    texts: Sequence[Any], labels: Sequence[Any] | None = None, **more: Sequence[Any]
) -> Table:
    """A table whose first record stands on line 2."""
    filled = labels if labels is not None else ["positive"] * len(texts)
    columns = {"text": texts, "label": filled, **more}
    return Table("r.csv", columns, range(2, 2 + len(texts)))


def test_labels_become_their_place_in_the_recipe():
    rows = rows_of(table(["a", "b"], ["positive", "negative"]), REF, LABELS)
    assert rows.labels.tolist() == [1, 0]


def test_origins_are_file_and_line():
    assert rows_of(table(["a", "b"]), REF, LABELS).origins == ["r.csv:2", "r.csv:3"]


def test_a_map_translates_what_the_file_says():
    ref = DataRef(source="r.csv", map={"1": "negative", "5": "positive"})
    assert rows_of(table(["a", "b"], ["5", "1"]), ref, LABELS).labels.tolist() == [1, 0]


def test_labels_that_need_no_translation_pass_beside_a_map():
    ref = DataRef(source="r.csv", map={"pos": "positive"})
    assert rows_of(table(["a", "b"], ["pos", "negative"]), ref, LABELS).labels.tolist() == [1, 0]


def test_a_map_to_a_label_that_is_not_there_is_a_mistake_of_the_recipe():
    ref = DataRef(source="r.csv", map={"1": "negatve"})
    with pytest.raises(RecipeError, match=r'map\.1: no label "negatve"; did you mean "negative"'):
        rows_of(table(["a"], ["1"]), ref, LABELS)


def test_integers_in_the_file_match_labels_written_as_text():
    assert rows_of(table(["a", "b"], [1, 0]), REF, ("0", "1")).labels.tolist() == [1, 0]


def test_truth_values_in_the_file_match_as_json_writes_them():
    assert rows_of(table(["a"], [True]), REF, ("false", "true")).labels.tolist() == [1]


def test_an_unknown_label_is_told_by_line_with_a_suggestion():
    with pytest.raises(
        DataError, match=r'^r\.csv:3: unknown label "positiv"; did you mean "positive"\? .*`map`'
    ):
        rows_of(table(["a", "b"], ["positive", "positiv"]), REF, LABELS)


@pytest.mark.parametrize("nothing", [None, MISSING, "", " "])
def test_a_row_without_a_label_is_told_by_line(nothing: object):
    with pytest.raises(DataError, match=r"^r\.csv:2: has no label"):
        rows_of(table(["a"], [nothing]), REF, LABELS)


@pytest.mark.parametrize("nothing", [None, MISSING, "", " \t\n\u00a0"])
def test_an_empty_text_is_refused_where_there_are_labels(nothing: object):
    with pytest.raises(DataError, match=r"^r\.csv:3: the text is empty"):
        rows_of(table(["a", nothing]), REF, LABELS)


def test_empty_texts_are_dropped_and_counted_where_there_are_no_labels():
    rows = rows_of(table(["a", "", None, "b"]), REF, None)
    assert (list(rows.texts), rows.dropped_empty) == (["a", "b"], 2)
    assert rows.origins == ["r.csv:2", "r.csv:5"]


def test_without_labels_no_label_column_is_needed():
    rows = rows_of(Table("r.csv", {"text": ["a"]}, [1]), REF, None)
    assert rows.labels.tolist() == [UNLABELLED]


def test_a_text_that_is_a_number_is_refused_with_its_line():
    with pytest.raises(DataError, match=r'^r\.csv:2: "text" must be a text, got 5'):
        rows_of(table([5]), REF, LABELS)


@pytest.mark.parametrize(
    ("bad", "named"), [("a\0b", "a NUL byte"), ("a\ud800b", r"a lone surrogate '\\ud800'")]
)
@pytest.mark.parametrize("labels", [LABELS, None])
def test_characters_that_no_tokenizer_takes_are_refused(
    bad: str, named: str, labels: Sequence[str] | None
):
    with pytest.raises(DataError, match=rf'^r\.csv:2: "text" holds {named}'):
        rows_of(table([bad]), REF, labels)


def test_bad_rows_of_all_kinds_are_told_together_in_the_order_of_the_file():
    with pytest.raises(DataError, match=r"3 bad rows:\n.*:2: has no label\n.*:3: .*NUL.*\n.*:4: "):
        rows_of(table(["a", "b\0", ""], ["", "positive", "positive"]), REF, LABELS)


def test_pairs_come_from_two_columns():
    ref = DataRef(source="r.csv", text_pair="second")
    rows = rows_of(table(["a", "b"], second=["c", "d"]), ref, LABELS)
    assert list(rows.texts) == [("a", "c"), ("b", "d")]


def test_a_pair_with_one_empty_side_is_empty():
    ref = DataRef(source="r.csv", text_pair="second")
    with pytest.raises(DataError, match=r"^r\.csv:2: the text is empty"):
        rows_of(table(["a"], second=[" "]), ref, LABELS)


def test_other_columns_are_kept_in_the_rows_order_as_a_recipe_would_write_them():
    made = table(["one", "two", "three"], country=["de", None, 7])
    rows = rows_of(made, DataRef(source="r.csv", columns=("country",)), LABELS)
    assert rows.columns == {"country": ["de", "", "7"]}
    assert rows.take(np.array([2, 0])).columns == {"country": ["7", "de"]}


def test_columns_may_have_other_names():
    ref = DataRef(source="r.csv", text="body", label="stars")
    rows = rows_of(Table("r.csv", {"body": ["a"], "stars": ["positive"]}, [2]), ref, LABELS)
    assert list(rows.texts) == ["a"]


def test_sentences_end_at_stops_before_white_space_and_at_line_ends():
    ref = DataRef(source="r.csv", sentences=True)
    text = 'It cost 3.50 euros. "Really?" she said!\nNo end here ...\n\n (Or here.) Yes'
    assert list(rows_of(table([text]), ref, None).texts) == [
        "It cost 3.50 euros.",
        '"Really?"',
        "she said!",
        "No end here ...",
        "(Or here.)",
        "Yes",
    ]


def test_a_sentence_has_a_letter_or_a_digit():
    ref = DataRef(source="r.csv", sentences=True)
    assert list(rows_of(table(["Good. ... !! 10/10."]), ref, None).texts) == ["Good.", "10/10."]


def test_sentences_keep_the_label_and_the_origin_of_their_text():
    ref = DataRef(source="r.csv", sentences=True)
    rows = rows_of(table(["One. Two.", "Three."], ["positive", "negative"]), ref, LABELS)
    assert rows.labels.tolist() == [1, 1, 0]
    assert rows.origins == ["r.csv:2#1", "r.csv:2#2", "r.csv:3#1"]


def test_pairs_are_not_cut_into_sentences():
    ref = DataRef(source="r.csv", text_pair="second", sentences=True)
    with pytest.raises(DataError, match="cuts single texts, not pairs"):
        rows_of(table(["a"], second=["b"]), ref, LABELS)


def test_rows_can_be_taken_in_any_order():
    rows = rows_of(table(["a", "b", "c"]), REF, LABELS).take(np.array([2, 0]))
    assert (list(rows.texts), list(rows.origins)) == (["c", "a"], ["r.csv:4", "r.csv:2"])
