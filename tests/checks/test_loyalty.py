"""Check `loyalty`."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import loyalty
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import measurements_of, refused_of
from edgecompress.core.gate import Limit, Outcome, judge
from edgecompress.recipe.behaviour import Loyalty
from tests.fakes import Answers, case, contestant

SETTINGS = Loyalty(check="loyalty", data="test")


def measure(ours, theirs, truth):
    return by_name(loyalty.measure(case(ours, theirs, truth), SETTINGS))


def by_name(found):
    return {f"{m.name} {m.part}".strip(): m for m in measurements_of(found)}


def test_counts_agreement_even_where_the_teacher_is_wrong():
    assert measure([0, 1, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1])["label_loyalty"].value == 0.75


def test_equal_distributions_are_fully_loyal():
    assert measure([0, 1], [0, 1], [0, 0])["probability_loyalty"].value == pytest.approx(1.0)


def test_the_base_of_the_logarithm_stands_in_the_method():
    assert "natural log" in measure([0], [0], [0])["probability_loyalty"].method


def test_agreement_is_told_apart_where_the_teacher_is_right_and_where_it_is_wrong():
    found = measure([0, 1, 1, 0], [0, 1, 0, 0], [0, 1, 0, 1])
    assert found["label_loyalty_when teacher right"].value == pytest.approx(2 / 3)
    assert found["label_loyalty_when teacher wrong"].value == 1.0


def test_without_labels_nobody_knows_where_the_teacher_is_right():
    assert not [name for name in measure([0, 1], [0, 1], [-1, -1]) if "when" in name]


def test_a_teacher_that_is_never_wrong_has_no_such_rows():
    assert "label_loyalty_when teacher wrong" not in measure([0, 1], [0, 1], [0, 1])


def test_a_student_that_is_only_less_sure_is_fully_loyal_once_matched():
    here = case([0, 1] * 20, [0, 1] * 20, [0, 1] * 20)
    here.candidate.predictor.scores /= 3
    found = by_name(loyalty.measure(here, SETTINGS))
    assert found["probability_loyalty"].value < 0.85
    assert found["probability_loyalty_matched"].value == pytest.approx(1, abs=1e-4)
    assert "divided by 0.333" in found["probability_loyalty_matched"].note


def test_matching_never_takes_a_model_farther_from_its_teacher():
    # a few rows of sure disagreement, which cross-entropy would soften all others for
    here = case([0, 1] * 45 + [0] * 10, [0, 1] * 45 + [1] * 10, [0, 1] * 50)
    found = by_name(loyalty.measure(here, SETTINGS))
    raw, matched = found["probability_loyalty"], found["probability_loyalty_matched"]
    assert matched.value >= raw.value


def test_twenty_equal_answers_do_not_certify_equal_probabilities():
    # as Wilson's bound of 20 of 20, on a scale from 1 - sqrt(ln 2) to 1: 1 - 0.83255 * 0.16113
    assert measure([0] * 20, [0] * 20, [0] * 20)["probability_loyalty"].low == pytest.approx(
        1 - 0.83255 * 0.16113, abs=1e-4
    )


FLOOR = Loyalty(check="loyalty", label_at_least="retrain-floor", floor_margin=0.02)


def with_second_teacher(ours, theirs, again):
    here = case(ours, theirs, theirs)
    return replace(here, retrained=contestant("retrained", Answers(again)))


def test_the_floor_is_how_often_the_teacher_agrees_with_itself():
    here = with_second_teacher([0, 1, 1, 0], [0, 1, 0, 1], [0, 1, 1, 1])
    found = by_name(loyalty.measure(here, FLOOR))
    assert found["retrain_floor"].value == 0.75
    over = found["loyalty_over_floor"]
    assert (over.value, over.low < -0.25 < over.high) == (-0.25, True)
    assert over.note == "only we agree with the teacher on 0, only the second teacher on 1"


def test_the_floor_limits_the_paired_difference_and_not_the_loyalty():
    assert FLOOR.limits() == {"loyalty_over_floor": Limit(at_least=-0.02)}


def test_the_floor_does_not_drive_out_the_other_limits():
    both = FLOOR.model_copy(update={"probability_at_least": 0.8})
    assert both.limits()["probability_loyalty"] == Limit(at_least=0.8)


@pytest.mark.parametrize(
    ("lost", "outcome"), [(0, Outcome.HOLDS), (20, Outcome.UNDECIDED), (80, Outcome.BROKEN)]
)
def test_a_candidate_is_held_to_the_floor(lost, outcome):
    # the second teacher differs on 20 of 1,000 rows, the candidate on those and on `lost` more
    teacher = np.array([0, 1] * 500)
    again, ours = (np.r_[1 - teacher[:k], teacher[k:]] for k in (20, 20 + lost))
    found = by_name(loyalty.measure(with_second_teacher(ours, teacher, again), FLOOR))
    over = found["loyalty_over_floor"]
    assert judge(over, FLOOR.limits()["loyalty_over_floor"]) is outcome


def test_a_floor_without_a_second_teacher_cannot_be_measured():
    with pytest.raises(MeasureError, match="needs a second teacher"):
        loyalty.measure(case([0], [0], [0]), FLOOR)


def test_a_second_teacher_that_learnt_nothing_is_no_floor():
    here = with_second_teacher([0, 1] * 50, [0, 1] * 50, [0] * 100)
    (refused,) = refused_of(loyalty.measure(here, FLOOR))
    assert refused.name == "loyalty_over_floor"
    assert "right on 50.0% of test, and always giving one answer on 50.0%" in refused.why


def test_a_second_teacher_that_nobody_asked_for_is_not_looked_at():
    found = by_name(loyalty.measure(with_second_teacher([0], [0], [0]), SETTINGS))
    assert "retrain_floor" not in found
