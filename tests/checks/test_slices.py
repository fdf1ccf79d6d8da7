"""Check `slices`."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import slices
from edgecompress.checks.slices import slices_of
from edgecompress.core.errors import DataError
from edgecompress.core.exhibit import exhibits_of, measurements_of
from edgecompress.core.gate import Limit, Outcome, Verdict, judge
from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.recipe.behaviour import Slices
from tests.fakes import case, texts

LABELS = ("class 0", "class 1")
BY_LABEL = Slices(check="slices", by=("label",))


def measure(here, settings):
    return {(m.name, m.part): m for m in measurements_of(slices.measure(here, settings))}


def names(rows, by):
    return [one.name for one in slices_of(rows, LABELS, [by])]


def with_columns(truth, **columns):
    return replace(texts(truth), columns=columns)


def test_each_class_is_a_slice():
    found = measure(case([0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1]), BY_LABEL)
    assert found["slice_accuracy", "label = class 0"].value == 1.0
    assert found["slice_accuracy", "label = class 1"].value == 0.5
    assert found["slice_accuracy_drop", "label = class 1"].value == 0.5
    assert found["slice_label_loyalty", "label = class 1"].value == 0.5


def test_the_intervals_of_all_slices_hold_at_once():
    # two slices: each at 1 - 0.05 / 2
    truth = [0] * 60 + [1] * 40
    ours = [0] * 57 + [1] * 43
    found = measure(case(ours, truth, truth), BY_LABEL)
    accuracy = found["slice_accuracy", "label = class 0"]
    assert (accuracy.low, accuracy.high) == wilson(57, 60, 0.975)
    drop = found["slice_accuracy_drop", "label = class 0"]
    assert (drop.low, drop.high) == paired_drop(3, 0, 60, 0.975)
    assert drop.method == "tango paired score, 95 % over 2 parts"


def test_a_slice_under_the_fewest_rows_is_undecided_and_told_how_many_it_needs():
    truth = [0] * 100 + [1] * 29
    settings = BY_LABEL.model_copy(update={"accuracy_at_least": 0.5})
    found = measure(case(truth, truth, truth), settings)
    limit = settings.limits()["slice_accuracy"]
    assert judge(found["slice_accuracy", "label = class 0"], limit) is Outcome.HOLDS
    small = Verdict.of("slices", found["slice_accuracy", "label = class 1"], limit)
    assert (small.outcome, small.rows_needed()) == (Outcome.UNDECIDED, 30)


def test_fewest_rows_are_a_setting():
    settings = Slices(check="slices", by=("label",), max_drop=0.1, min_rows=200)
    assert settings.limits() == {"slice_accuracy_drop": Limit(at_most=0.1, rows=200)}


def test_lengths_are_quartiles_of_the_number_of_words():
    rows = texts([0] * 40)
    long = tuple(" ".join(["word"] * (1 + i)) for i in range(40))
    assert names(replace(rows, texts=long), "length") == [
        "length = 1 to 10 words",
        "length = 11 to 20 words",
        "length = 21 to 30 words",
        "length = 31 to 40 words",
    ]


def test_texts_of_one_length_are_one_slice():
    assert names(texts([0] * 40), "length") == ["length = 1 words"]


def test_both_texts_of_a_pair_count():
    rows = replace(texts([0, 1]), texts=(("a b", "c"), ("a", "b")))
    assert names(rows, "length") == ["length = 2 words", "length = 3 words"]


def test_every_row_is_in_one_slice_of_each_kind():
    rng = np.random.default_rng(0)
    rows = with_columns([0, 1] * 50, country=[str(k) for k in rng.integers(0, 7, 100)])
    rows = replace(rows, texts=tuple("w " * k for k in rng.integers(1, 30, 100)))
    for by in ("label", "length", "country"):
        counted = sum(one.rows.astype(int) for one in slices_of(rows, LABELS, [by]))
        assert (counted == 1).all()


def test_a_column_is_sliced_by_its_values():
    rows = with_columns([0, 1, 0], country=["de", "", "de"])
    assert names(rows, "country") == ["country = (empty)", "country = de"]


def test_a_column_of_single_texts_is_refused():
    rows = with_columns([0] * 51, number=[str(i) for i in range(51)])
    with pytest.raises(DataError, match="number has 51 values on data.test, and at most 50"):
        slices_of(rows, LABELS, ["number"])


def test_all_slices_stand_in_one_table_the_largest_drop_first():
    truth = [0] * 50 + [1] * 50
    here = case([0] * 50 + [0] * 5 + [1] * 45, truth, truth)
    (table,) = exhibits_of(slices.measure(here, BY_LABEL))
    assert table.content["rows"] == [
        ["label = class 1", 50, 1.0, 0.9, 0.1, 0.9],
        ["label = class 0", 50, 1.0, 1.0, 0.0, 1.0],
    ]
    assert [column["name"] for column in table.content["columns"]][:2] == ["slice", "rows"]
