"""A teacher that knows nothing."""

import pytest

from edgecompress.core.errors import StageError
from edgecompress.core.intervals import wilson
from edgecompress.core.measurement import Measurement
from edgecompress.workflow.sanity import require_knowing_teacher, require_known_by_gate
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
