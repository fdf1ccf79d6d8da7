"""Steps and keys."""

import pytest

from edgecompress.data.roles import Data
from edgecompress.recipe.learning import Finetune
from edgecompress.workflow.plan import Start, make_steps, plan_recipe


def first_key(file, ws):
    return plan_recipe(file, ws).steps[0].key


def distill_key(file, ws):
    data = Data(file.recipe, file.folder, ws.resources, ws.progress)
    return make_steps(file, data)[1].key(Start("the teacher's", "the teacher's"))


def test_nothing_is_cached_in_an_empty_store(smoke, ws):
    assert [p.artifact for p in plan_recipe(smoke(), ws).steps] == [None] * 4


def test_what_follows_a_gap_has_no_key_yet(smoke, ws):
    keys = [p.key for p in plan_recipe(smoke(), ws).steps]
    assert keys[0] is not None
    assert keys[1:] == [None] * 3


def test_the_recipes_name_and_gate_do_not_enter_a_key(smoke, ws):
    other = smoke(("name: smoke", "name: other"), ("max_drop: 0.06", "max_drop: 0.07"))
    assert first_key(other, ws) == first_key(smoke(), ws)


def test_how_often_checkpoints_are_made_does_not_enter_a_key(smoke, ws):
    other = smoke(("checkpoint_every: 25", "checkpoint_every: 50"))
    assert first_key(other, ws) == first_key(smoke(), ws)


def test_a_dropout_that_is_left_to_the_model_does_not_enter_a_key():
    assert "dropout" in Finetune().idle()
    assert "dropout" not in Finetune(dropout=0.0).idle()


def test_settings_seed_and_data_enter_a_key(smoke, ws):
    keys = {
        first_key(smoke(*changes), ws)
        for changes in (
            [],
            [("finetune: {epochs: 4", "finetune: {epochs: 5")],
            [("seed: 7", "seed: 8")],
            [("split: train}", "split: train, rows: 900}")],
        )
    }
    assert len(keys) == 4


def test_a_later_setting_does_not_change_an_earlier_key(smoke, ws):
    other = smoke(("layers: 2", "layers: 3"))
    assert first_key(other, ws) == first_key(smoke(), ws)
    assert distill_key(other, ws) != distill_key(smoke(), ws)


def test_the_file_of_each_step_is_told(smoke, ws, repository):
    for planned in plan_recipe(smoke(), ws).steps:
        assert (repository / planned.step.module).is_file()


def test_a_plan_expects_int8_to_be_a_quarter(smoke, ws):
    ws.resources.folder("tiny-bert")
    sizes = [p.expected.bytes for p in plan_recipe(smoke(), ws).steps]
    assert sizes[3] * 4 == sizes[2]


def test_somebody_who_plans_zeros_is_told_that_they_are_not_speed(smoke, ws):
    file = smoke(("  - {kind: export}", "  - {kind: prune, sparsity: 0.5}\n  - {kind: export}"))
    remarks = plan_recipe(file, ws).as_document()["steps"][2]["remarks"]
    assert ["neither faster nor smaller" in remark for remark in remarks] == [True]


def test_another_machine_does_not_enter_a_key_unless_it_is_measured(smoke, ws, monkeypatch):
    def keys(cut):
        file = smoke(("  - {kind: export}", f"  - {{kind: prune, {cut}}}\n  - {{kind: export}}"))
        data = Data(file.recipe, file.folder, ws.resources, ws.progress)
        return make_steps(file, data)[2].key(Start("model", "teacher"))

    here = {cut: keys(cut) for cut in ("heads: 2", "speedup: 2.0")}
    monkeypatch.setattr("edgecompress.workflow.plan.fingerprint", lambda: "another machine")
    assert [cut for cut, key in here.items() if keys(cut) != key] == ["speedup: 2.0"]


@pytest.mark.parametrize(
    ("stage", "again"),
    [
        ("{kind: factorize, embeddings: 16}", False),
        ("{kind: difficulty, method: one-shot}", False),
        ("{kind: difficulty, method: runs}", True),
        ("{kind: theseus, modules: 2}", True),
    ],
)
def test_another_seed_only_makes_again_what_chance_decides(smoke, ws, stage, again):
    def key(seed):
        file = smoke(
            ("  - {kind: export}", f"  - {stage}\n  - {{kind: export}}"),
            ("seed: 7", f"seed: {seed}"),
            ("  calibration: {from: train, rows: 64}\n", ""),  # drawn by the seed as well
        )
        data = Data(file.recipe, file.folder, ws.resources, ws.progress)
        return make_steps(file, data)[2].key(Start("model", "teacher", {"difficulty": "scores"}))

    assert (key(7) != key(8)) is again
