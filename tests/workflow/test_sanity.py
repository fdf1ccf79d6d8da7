"""A teacher that knows nothing."""

import pytest

from edgecompress.core.errors import DataError, StageError
from edgecompress.core.intervals import wilson
from edgecompress.core.measurement import Measurement
from edgecompress.data.roles import Data
from edgecompress.workflow.sanity import (
    require_knowing_teacher,
    require_known_by_gate,
    require_sliceable,
)
from tests.fakes import Listener, case, texts

LABELS = ("negative", "positive")


def accuracy(hits, n):
    return Measurement("accuracy", hits / n, *wilson(hits, n), "fraction", n, "wilson, 95 %")


def test_a_teacher_that_always_gives_one_answer_is_refused():
    rows = texts([0] * 70 + [1] * 30, "validation")
    with pytest.raises(StageError, match='always answering "negative" on 70.0%: it has learnt'):
        require_knowing_teacher(accuracy(70, 100), rows, LABELS, Listener())


def test_a_teacher_that_may_be_lucky_is_told():
    listener = Listener()
    require_knowing_teacher(accuracy(55, 100), texts([0, 1] * 50), LABELS, listener)
    assert "may be chance" in listener.warnings[0]


def test_a_good_teacher_passes_in_silence():
    listener = Listener()
    require_knowing_teacher(accuracy(90, 100), texts([0, 1] * 50), LABELS, listener)
    assert listener.warnings == []


def test_without_validation_rows_the_gates_own_are_looked_at(smoke):
    constant = [0] * 600
    here = case(constant, constant, [0, 1] * 300)
    with pytest.raises(StageError, match="is right on 50.0% of test"):
        require_known_by_gate(here, smoke().recipe, Listener())


def test_a_column_of_single_texts_is_told_before_anything_is_trained(smoke, ws):
    file = smoke(
        ("split: test}", "split: test, columns: [text]}"),
        ("check: loyalty, data: test, label_at_least: 0.85",
         "check: slices, by: [text], max_drop: 0.3"),
    )  # fmt: skip
    data = Data(file.recipe, file.folder, ws.resources, ws.progress)
    with pytest.raises(DataError, match="slices: text has [0-9]+ values on data.test"):
        require_sliceable(file.recipe, data)
