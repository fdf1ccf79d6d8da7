"""Judging: three answers, and what decides between them."""

import pytest

from edgecompress.core.errors import MeasureError
from edgecompress.core.gate import GateReport, Limit, Outcome, Refusal, Verdict, judge
from edgecompress.core.measurement import Measurement, Refused


def measured(value: float, low: float, high: float, n: int = 1000) -> Measurement:
    return Measurement("accuracy", value, low, high, "fraction", n, "by hand")


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.91, 0.95, "holds"),
        (0.90, 0.95, "holds"),
        (0.89, 0.95, "undecided"),
        (0.8, 0.89, "broken"),
    ],
)
def test_at_least_looks_at_the_whole_interval(low, high, outcome):
    assert judge(measured((low + high) / 2, low, high), Limit(at_least=0.9)) == outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(0.0, 0.03, "holds"), (0.0, 0.031, "undecided"), (0.031, 0.05, "broken")],
)
def test_at_most_looks_at_the_whole_interval(low, high, outcome):
    assert judge(measured((low + high) / 2, low, high), Limit(at_most=0.03)) == outcome


@pytest.mark.parametrize(("low", "high"), [(0.95, 1.0), (0.1, 0.2)])
def test_too_few_rows_decide_nothing_wherever_their_interval_lies(low, high):
    verdict = Verdict.of("slices", measured(low, low, high, n=29), Limit(at_least=0.9, rows=30))
    assert (verdict.outcome, verdict.rows_needed()) == (Outcome.UNDECIDED, 30)


def test_an_empty_gate_has_shown_nothing():
    assert GateReport(()).outcome is Outcome.UNDECIDED


def test_a_number_without_a_limit_is_only_reported():
    verdict = Verdict.of("accuracy", measured(0.9, 0.8, 1.0), None)
    assert verdict.outcome is Outcome.REPORTED


def test_reported_numbers_alone_do_not_make_a_gate_hold():
    assert GateReport((Verdict.of("a", measured(1, 1, 1), None),)).outcome is Outcome.UNDECIDED


def test_one_broken_limit_breaks_the_gate():
    good = Verdict.of("a", measured(0.95, 0.94, 0.96), Limit(at_least=0.9))
    bad = Verdict.of("b", measured(0.85, 0.84, 0.86), Limit(at_least=0.9))
    assert GateReport((good, bad)).outcome is Outcome.BROKEN


def test_an_undecided_limit_tells_the_rows_it_needs():
    # half-width 0.02 at 1,000 rows must shrink to the distance 0.01: four times the rows
    verdict = Verdict.of("a", measured(0.91, 0.89, 0.93), Limit(at_least=0.9))
    assert verdict.rows_needed() == pytest.approx(4000, abs=1)


def test_a_value_on_the_limit_asks_for_no_number_of_rows():
    assert Verdict.of("a", measured(0.9, 0.88, 0.92), Limit(at_least=0.9)).rows_needed() is None


def test_not_a_number_cannot_be_a_measurement():
    with pytest.raises(MeasureError, match="is not a number"):
        measured(float("nan"), 0, 1)


def test_an_interval_must_hold_its_value():
    with pytest.raises(MeasureError, match="does not hold"):
        measured(0.5, 0.6, 0.7)


def test_a_limit_has_one_side():
    with pytest.raises(ValueError, match="exactly one"):
        Limit(at_least=0.1, at_most=0.2)


GOOD = Verdict.of("a", measured(0.95, 0.94, 0.96), Limit(at_least=0.9))
NO_NUMBER = Refused("relative_bias", "ood", "the teacher drops by nothing")


def test_a_limit_on_a_number_that_is_refused_stays_undecided():
    refusal = Refusal("shift", NO_NUMBER, Limit(at_most=1.1))
    assert GateReport((GOOD,), refusals=(refusal,)).outcome is Outcome.UNDECIDED


def test_a_number_that_nobody_limits_may_be_refused():
    assert GateReport((GOOD,), refusals=(Refusal("shift", NO_NUMBER, None),)).outcome is (
        Outcome.HOLDS
    )
