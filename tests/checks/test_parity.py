"""Check `parity`."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import parity
from edgecompress.core.errors import MeasureError
from edgecompress.recipe.budget import Parity
from tests.fakes import Answers, Busy, case, contestant

SETTINGS = Parity(check="parity", data="test", batch_sizes=(2, 4))


def measure(here):
    return {m.name: m for m in parity.measure(here, SETTINGS)}


def with_parent(labels):
    here = case([0, 1, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1])
    return replace(here, parent=contestant("parent", Answers(labels)))


def test_a_decision_that_differs_from_the_parent_is_a_flip():
    found = measure(with_parent([0, 1, 0, 0]))
    assert found["parity_flip_rate"].value == 0.25


def test_the_largest_logit_difference_is_told():
    assert measure(with_parent([0, 1, 0, 0]))["parity_max_abs"].value == 4.0


def test_without_a_parent_only_batches_are_judged():
    assert set(measure(case([0], [0], [0]))) == {"batch_flip_rate"}


def test_the_worst_batch_size_is_told():
    class Company(Answers):
        def logits_in_batches(self, texts, batch_size):
            found = self.logits(texts).copy()
            if batch_size == 4:
                found[0] = found[0, ::-1]
            return found

    here = case([0, 1, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1])
    found = measure(replace(here, candidate=contestant("candidate", Company([0, 1, 0, 1]))))
    flips = found["batch_flip_rate"]
    assert (flips.value, flips.note) == (0.25, "batches of 4 against batch 1")


def test_a_graph_that_answers_nothing_is_far_from_its_parent():
    here = with_parent([0, 1, 0, 1])
    here.candidate.predictor.scores[:] = np.nan
    found = measure(here)
    assert (found["parity_flip_rate"].value, found["parity_max_abs"].value) == (1.0, 1e9)


def test_a_predictor_without_batches_cannot_be_measured():
    here = replace(case([0], [0], [0]), candidate=contestant("candidate", Busy(0.0)))
    with pytest.raises(MeasureError, match="cannot be run in batches"):
        measure(here)
