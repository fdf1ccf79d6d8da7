"""A report as a tracker takes it: nothing is lost, and every name is one that it accepts."""

import re
from dataclasses import replace

import pytest

from edgecompress.core.gate import GateReport
from edgecompress.report.tracked import tracked

ACCEPTED = re.compile(r"[\w.\- :/]{1,250}", re.ASCII)  # what MLflow's validation takes
RECIPE = {
    "seed": 7,
    "labels": ["negative", "positive"],
    "teacher": {"finetune": {"epochs": 3}},
    "stages": [{"kind": "distill", "layers": 3}, {"kind": "export"}],
}


def values(report):
    return {(point.key, point.step): point.value for point in tracked(report, {}).points}


def test_a_measurement_is_a_value_and_both_ends_of_its_interval(holding):
    found = values(holding)
    keys = ("accuracy_drop/test", "accuracy_drop/test.low", "accuracy_drop/test.high")
    assert [found[key, 0] for key in keys] == [0.0084, -0.0041, 0.0208]


def test_parts_stand_behind_the_role(full):
    assert values(full)["after_attack_drop/test/pwws", 0] == pytest.approx(0.03)


def test_stages_are_steps_of_one_curve(holding):
    found = values(holding)
    assert [found["stage/seconds", step] for step in range(4)] == [188.2, 402.9, 11.4, 3.1]
    assert found["stage/accuracy/validation", 3] == 0.8350
    assert tracked(holding, {}).params["stage.1"] == "distill"


def test_the_verdict_and_each_judged_limit_can_be_searched_for(broken):
    tags = tracked(broken, {}).tags
    assert tags["verdict"] == "broken"
    assert "broken" in {value for key, value in tags.items() if key.startswith("outcome/")}


def test_what_was_only_reported_has_no_outcome(holding):
    assert "outcome/accuracy/test" not in tracked(holding, {}).tags
    assert tracked(holding, {}).tags["outcome/accuracy_drop/test"] == "holds"


def test_each_leaf_of_the_recipe_is_a_parameter(holding):
    assert tracked(replace(holding, stages=()), RECIPE).params == {
        "seed": "7",
        "labels": "negative, positive",
        "teacher.finetune.epochs": "3",
        "stages.0.kind": "distill",
        "stages.0.layers": "3",
        "stages.1.kind": "export",
    }


@pytest.mark.parametrize("name", ["holding", "full", "hostile"])
def test_every_name_is_accepted_and_nothing_is_too_long(request, name):
    made = tracked(request.getfixturevalue(name), {**RECIPE, "labels": ["w" * 10_000]})
    names = [*made.params, *made.tags, *(point.key for point in made.points)]
    assert [one for one in names if not ACCEPTED.fullmatch(one) or "//" in one] == []
    assert max(map(len, (*made.params.values(), *made.tags.values()))) <= 6000


def test_parts_that_differ_in_a_foreign_sign_stay_apart(holding):
    verdict = holding.gate.verdicts[0]
    twins = tuple(
        replace(verdict, measured=replace(verdict.measured, part=part, value=value))
        for part, value in (("a = 1", 0.83), ("a ≥ 1", 0.84))
    )
    found = values(replace(holding, gate=GateReport(twins)))
    assert found["accuracy/test/a _ 1", 0] == 0.83
    assert found["accuracy/test/a _ 1 2", 0] == 0.84
