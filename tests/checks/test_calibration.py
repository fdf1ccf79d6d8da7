"""Check `calibration`."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import calibration
from edgecompress.core.exhibit import exhibits_of, measurements_of
from edgecompress.core.gate import Outcome, judge
from edgecompress.recipe.shifting import Calibration
from tests.fakes import Answers, case, contestant, texts

ROWS = 1000
TRUTH = [0, 1] * (ROWS // 2)
# wrong on every fifth row, of either class
DECIDED = [label if row % 10 not in (3, 8) else 1 - label for row, label in enumerate(TRUTH)]
HONEST = float(np.log(4))  # two logits this far apart say 80 %


def _measure(ours=HONEST, teacher=HONEST, roles=("test",), **settings):
    here = replace(
        case(DECIDED, DECIDED, TRUTH),
        candidate=contestant("candidate", Answers(DECIDED, sharpness=ours)),
        teacher=contestant("teacher", Answers(DECIDED, sharpness=teacher)),
        data={role: texts(TRUTH, role) for role in roles},
    )
    asked = Calibration(check="calibration", **settings)
    return calibration.measure(here, asked), asked


def _named(**asked):
    found, settings = _measure(**asked)
    return {m.name: m for m in measurements_of(found)}, settings


def test_saying_80_percent_and_being_right_on_80_percent_is_no_error():
    found, _ = _named()
    assert found["expected_calibration_error"].value == pytest.approx(0.0, abs=1e-6)


def test_being_sure_of_everything_is_off_by_the_errors():
    found, _ = _named(ours=50.0)
    assert found["expected_calibration_error"].value == pytest.approx(0.2, abs=1e-6)
    assert found["calibration_error_increase"].value == pytest.approx(0.2, abs=1e-6)


def test_the_teacher_is_told_beside_it():
    found, _ = _named(teacher=50.0)
    assert found["teacher_expected_calibration_error"].value == pytest.approx(0.2, abs=1e-6)
    assert found["calibration_error_increase"].value == pytest.approx(-0.2, abs=1e-6)


def test_brier_by_hand():
    # 2 · 0.2² on the 80 % that are right, 2 · 0.8² on the others
    found, _ = _named()
    assert found["brier_score"].value == pytest.approx(0.8 * 0.08 + 0.2 * 1.28, abs=1e-6)


@pytest.mark.parametrize(
    ("ours", "limit", "outcome"),
    [
        (HONEST, {"ece_at_most": 0.06}, Outcome.HOLDS),
        (50.0, {"ece_at_most": 0.06}, Outcome.BROKEN),
        (HONEST, {"ece_increase_at_most": 0.08}, Outcome.HOLDS),
        (50.0, {"ece_increase_at_most": 0.05}, Outcome.BROKEN),
        (HONEST, {"brier_at_most": 0.37}, Outcome.HOLDS),
        (50.0, {"brier_at_most": 0.34}, Outcome.BROKEN),
    ],
)
def test_limits(ours, limit, outcome):
    found, settings = _named(ours=ours, **limit)
    ((name, asked),) = settings.limits().items()
    assert judge(found[name], asked) is outcome


def test_without_validation_rows_no_temperature_is_fitted():
    found, _ = _named()
    assert "temperature" not in found


def test_the_temperature_is_that_of_the_validation_rows():
    found, _ = _named(ours=2 * HONEST, roles=("test", "validation"))
    assert found["temperature"].value == pytest.approx(2.0, rel=1e-3)
    assert found["temperature"].data == "validation"


def test_scaling_mends_an_error_of_scale():
    found, _ = _named(ours=3 * HONEST, roles=("test", "validation"))
    assert found["expected_calibration_error"].value > 0.15
    assert found["scaled_calibration_error"].value == pytest.approx(0.0, abs=1e-3)


def test_validation_rows_are_not_judged():
    found, _ = _measure(roles=("test", "validation"))
    assert {m.data for m in measurements_of(found) if "temperature" not in m.name} == {"test"}


def test_a_group_of_roles_is_measured_one_by_one():
    found, _ = _measure(roles=("ood/a", "ood/b"), data="ood")
    errors = [m.data for m in measurements_of(found) if m.name == "expected_calibration_error"]
    assert errors == ["ood/a", "ood/b"]


def test_answers_that_are_no_numbers_break_nothing():
    class Mute(Answers):
        def logits(self, texts):
            return np.full((len(texts), 2), np.nan, np.float32)

    here = replace(
        case(DECIDED, DECIDED, TRUTH),
        candidate=contestant("candidate", Mute(DECIDED)),
        data={role: texts(TRUTH, role) for role in ("test", "validation")},
    )
    found = calibration.measure(here, Calibration(check="calibration"))
    errors = {m.name: m.value for m in measurements_of(found)}
    assert errors["expected_calibration_error"] == 1.0
    assert "temperature" not in errors


def test_the_diagram_shows_both_models():
    (shown,) = exhibits_of(_measure(ours=50.0)[0])
    assert shown.kind == "reliability"
    (ours,), (teacher,) = shown.content["ours"], shown.content["teacher"]
    assert ours["confidence"] == pytest.approx(1.0)
    assert teacher["confidence"] == pytest.approx(0.8)
    assert ours["accuracy"] == teacher["accuracy"] == pytest.approx(0.8)
