"""What holds for any answers of any two models, whatever the data; see arXiv:2109.03228."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from edgecompress.checks import accuracy, loyalty, slices
from edgecompress.checks.loyalty import LEAST
from edgecompress.core.case import Case
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.intervals import newcombe_paired, paired_drop, wilson
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.core.temperature import best_temperature, cross_entropy
from edgecompress.recipe.behaviour import Accuracy, Loyalty, Slices
from tests.fakes import contestant, texts

CLASSES = 3
NEAR = 1e-9

any_number = settings(derandomize=True, max_examples=60, deadline=None)


class Said:
    """A predictor with these logits."""

    def __init__(self, logits):
        self.given = logits

    def logits(self, rows):
        return self.given[[int(row) for row in rows]]


@st.composite
def logits(draw, rows):
    """Finite ones, [rows, CLASSES], without ties, which every class order would decide anew."""
    shape = (rows, CLASSES)
    found = draw(arrays(np.float32, shape, elements=st.floats(-8, 8, width=32)))
    return found + np.arange(CLASSES, dtype=np.float32) * np.float32(1e-3)


@st.composite
def cases(draw):
    """Two models and labelled rows."""
    rows = draw(st.integers(2, 40))
    truth = draw(st.lists(st.integers(0, CLASSES - 1), min_size=rows, max_size=rows))
    ours, theirs = draw(logits(rows)), draw(logits(rows))
    return Case(
        contestant("candidate", Said(ours)),
        contestant("teacher", Said(theirs)),
        {"test": texts(truth)},
        ("a", "b", "c"),
        seed=7,
    )


def measured(case):
    """Every number of accuracy and loyalty, by name and part."""
    found = [*accuracy.measure(case, Accuracy(check="accuracy"))]
    found += loyalty.measure(case, Loyalty(check="loyalty"))
    return {f"{m.name} {m.part}".strip(): m for m in measurements_of(found)}


@pytest.fixture(autouse=True, scope="module")
def few_resamples():
    """Intervals of means are not looked at here."""
    patch = pytest.MonkeyPatch()
    patch.setattr("edgecompress.checks.loyalty.bootstrap_mean", lambda values, *_, **__: (-1, 2))
    yield
    patch.undo()


@any_number
@given(cases())
def test_matching_the_temperature_brings_no_model_farther_from_its_teacher(case):
    found = {name: m.value for name, m in measured(case).items()}
    assert found["probability_loyalty_matched"] >= found["probability_loyalty"] - NEAR


@any_number
@given(cases())
def test_two_models_agree_at_least_where_both_must_be_right_and_at_most_where_neither_gains(case):
    found = {name: m.value for name, m in measured(case).items()}
    ours, drop = found["accuracy"], found["accuracy_drop"]
    teacher = ours + drop
    assert teacher + ours - 1 <= found["label_loyalty"] + NEAR
    assert found["label_loyalty"] <= 1 - abs(drop) + NEAR


@any_number
@given(cases())
def test_flips_take_the_drop_apart(case):
    found = {name: m.value for name, m in measured(case).items()}
    flips = found["negative_flip_rate"] - found["positive_flip_rate"]
    assert found["accuracy_drop"] == pytest.approx(flips, abs=NEAR)


@any_number
@given(cases())
def test_flips_are_never_more_than_the_disagreements(case):
    found = {name: m.value for name, m in measured(case).items()}
    flips = found["negative_flip_rate"] + found["positive_flip_rate"]
    assert flips <= 1 - found["label_loyalty"] + NEAR


@any_number
@given(cases())
def test_every_disagreement_where_the_teacher_is_right_is_a_negative_flip(case):
    found = measured(case)
    if when := found.get("label_loyalty_when teacher right"):
        flips = (1 - when.value) * when.n / len(case.data["test"])
        assert found["negative_flip_rate"].value == pytest.approx(flips, abs=NEAR)


@any_number
@given(cases())
def test_label_loyalty_is_the_mean_of_its_parts(case):
    found = measured(case)
    parts = [m for m in found.values() if m.name == "label_loyalty_when"]
    mean = np.average([m.value for m in parts], weights=[m.n for m in parts])
    assert found["label_loyalty"].value == pytest.approx(mean)


@any_number
@given(cases())
def test_slices_of_one_kind_add_up_to_the_whole(case):
    asked = Slices(check="slices", by=("label",))
    found = [m for m in measurements_of(slices.measure(case, asked)) if m.name == "slice_accuracy"]
    mean = np.average([m.value for m in found], weights=[m.n for m in found])
    assert measured(case)["accuracy"].value == pytest.approx(mean)


@any_number
@given(logits(20), logits(20))
def test_probability_loyalty_is_symmetric_and_bounded(ours, theirs):
    close = probability_loyalty(ours, theirs)
    assert close == pytest.approx(probability_loyalty(theirs, ours), abs=1e-6)
    assert (close >= LEAST - 1e-6).all()
    assert (close <= 1).all()
    assert pytest.approx(1 - math.sqrt(math.log(2))) == LEAST


@any_number
@given(logits(20))
def test_a_model_is_fully_loyal_to_itself(ours):
    assert probability_loyalty(ours, ours) == pytest.approx(1, abs=1e-7)


@any_number
@given(logits(20), logits(20), st.permutations(range(CLASSES)))
def test_the_order_of_the_classes_is_nothing_to_probability_loyalty(ours, theirs, order):
    one, other = (
        probability_loyalty(ours, theirs),
        probability_loyalty(ours[:, order], theirs[:, order]),
    )
    assert one == pytest.approx(other, abs=1e-6)


@any_number
@given(logits(20), st.floats(-50, 50))
def test_what_is_added_to_all_logits_of_a_row_is_nothing_to_it(ours, shift):
    moved = ours.astype(np.float64) + shift
    assert probability_loyalty(moved, ours) == pytest.approx(1, abs=1e-6)


@any_number
@given(logits(20))
def test_equal_labels_do_not_make_equal_probabilities_but_the_converse_holds(ours):
    sharper = ours * 3
    assert (sharper.argmax(1) == ours.argmax(1)).all()
    equal = probability_loyalty(sharper, ours) > 1 - 1e-9
    spread = np.ptp(ours, axis=1) > 0.1
    assert not (equal & spread).any()


@any_number
@given(logits(20), logits(20))
def test_a_matched_temperature_never_fits_worse_than_none(ours, theirs):
    target = softmax(theirs.astype(np.float64), axis=1)
    temperature = best_temperature(ours, target)
    wide = ours.astype(np.float64)
    assert cross_entropy(wide / temperature, target) <= cross_entropy(wide, target) + 1e-8


@any_number
@given(logits(30), st.floats(0.2, 5))
def test_a_temperature_that_was_put_in_is_found(theirs, temperature):
    sure = theirs * 2
    target = softmax(sure.astype(np.float64), axis=1)
    if np.ptp(sure, axis=1).max() > 2:
        found = best_temperature(sure * temperature, target)
        assert found == pytest.approx(temperature, rel=1e-3)


COUNTS = st.tuples(*[st.integers(0, 60)] * 4).filter(any)


@any_number
@given(COUNTS)
def test_paired_intervals_hold_their_value_and_turn_with_the_pair(counts):
    both, lost, won, _ = counts
    n, value = sum(counts), (lost - won) / sum(counts)
    for low, high in (paired_drop(lost, won, n), newcombe_paired(both, lost, won, n)):
        assert -1 - NEAR <= low <= value + NEAR
        assert value - NEAR <= high <= 1 + NEAR
    assert paired_drop(won, lost, n)[0] == pytest.approx(-paired_drop(lost, won, n)[1], abs=1e-7)
    turned, straight = newcombe_paired(both, won, lost, n), newcombe_paired(both, lost, won, n)
    assert turned == pytest.approx((-straight[1], -straight[0]))


@any_number
@given(st.integers(1, 500), st.floats(0, 1))
def test_more_confidence_is_a_wider_interval(n, share):
    hits = round(n * share)
    narrow, wide = wilson(hits, n, 0.9), wilson(hits, n, 0.99)
    assert wide[0] <= narrow[0] <= hits / n <= narrow[1] <= wide[1]
