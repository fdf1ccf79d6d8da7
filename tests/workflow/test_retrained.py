"""The second teacher: planned, made once, beside the chain, and found again by `gate`."""

import pytest

from edgecompress.core.errors import InputError
from edgecompress.core.gate import Outcome
from edgecompress.core.progress import Silent
from edgecompress.recipe.reading import read_recipe
from edgecompress.workflow.gate import gate_recipe
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.run import run_recipe
from edgecompress.workflow.workspace import Workspace
from tests.end_to_end.harm import write_recipe

FLOOR = ("label_at_least: 0.85", "label_at_least: retrain-floor, floor_margin: 0.1")
QUICK = {
    "finetune: {epochs: 4": "finetune: {epochs: 2",
    "    epochs: 4\n": "    epochs: 1\n",
    "  - {check: latency, pairs: 100, speedup_at_least: 1.5}\n": "",
    "  - {check: size, ratio_at_most: 0.6}\n": "",
    "  - {check: accuracy, data: test, max_drop: 0.06}\n": "",
}


def labels(file, ws):
    return [planned.step.label for planned in plan_recipe(file, ws).steps]


def test_a_plan_has_a_second_teacher_only_where_the_gate_asks_for_its_floor(smoke, ws):
    assert "retrained" not in labels(smoke(), ws)
    assert labels(smoke(FLOOR), ws)[:3] == ["teacher", "retrained", "stages[0]"]


def test_the_second_teacher_differs_from_the_first_by_its_seed_alone(smoke, ws):
    first, second = plan_recipe(smoke(FLOOR), ws).steps[:2]
    assert second.step.recipe.seed == first.step.recipe.seed + 1
    assert second.step.data_digests == first.step.data_digests
    assert second.step.settings == first.step.settings
    assert second.key not in (None, first.key)


def test_asking_for_the_floor_makes_nothing_else_anew(smoke, ws):
    with_floor, without = (plan_recipe(smoke(*c), ws).steps for c in ([FLOOR], []))
    assert with_floor[0].key == without[0].key


def test_gate_says_what_to_run_where_the_second_teacher_is_missing(smoke, ws, tmp_path):
    with pytest.raises(InputError, match="run `edgecompress run .* --until retrained` first"):
        gate_recipe(smoke(FLOOR), ws, tmp_path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A recipe that asks for the floor, its workspace, the run and its report."""
    folder = tmp_path_factory.mktemp("retrained")
    file = read_recipe(write_recipe(folder, {FLOOR[0]: FLOOR[1], **QUICK}))
    ws = Workspace.open(folder / "store", Silent())
    return file, ws, *run_recipe(file, ws)


def found(report):
    return {verdict.measured.name: verdict for verdict in report.gate.verdicts}


def test_the_second_teacher_is_beside_the_chain(ran):
    _, _, run, _ = ran
    assert run.retrained.digest not in [one.digest for one in run.made]
    assert (run.records[1].kind, run.records[1].metrics) == ("retrained", ())
    assert [one.kind for one in run.made] == [
        *("torch-model", "torch-model", "onnx-model", "int8-onnx-model")
    ]


def test_what_is_judged_is_the_distance_to_the_floor(ran):
    *_, report = ran
    assert found(report)["retrain_floor"].outcome is Outcome.REPORTED
    assert found(report)["label_loyalty"].outcome is Outcome.REPORTED
    assert found(report)["loyalty_over_floor"].limit.at_least == -0.1


def test_a_second_teacher_agrees_with_the_first_more_often_than_not_but_not_always(ran):
    *_, report = ran
    assert 0.5 < found(report)["retrain_floor"].measured.value < 1


def test_gate_finds_the_second_teacher_again(ran):
    file, ws, _, report = ran
    _, again = gate_recipe(file, ws)
    assert again.stages[1].cached
    floors = [found(one)["retrain_floor"].measured for one in (report, again)]
    assert floors[0] == floors[1]
