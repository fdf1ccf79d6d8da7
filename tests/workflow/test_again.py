"""Why a step runs again: what differs from the most similar question that the store has kept."""

import pytest

from edgecompress.data.roles import Data
from edgecompress.workflow.again import State, why
from edgecompress.workflow.plan import Start, make_steps


@pytest.fixture
def make(ws):
    """Pretend that a run has made the first steps of a recipe."""

    def run(file, steps: int = 4, came_out: str = "") -> None:
        start = Start(f"resource:{ws.resources.pin('tiny-bert')}")
        data = Data(file.recipe, file.folder, ws.resources, ws.progress)
        for step in make_steps(file, data)[:steps]:
            question = step.question(start)
            with ws.store.draft(question.key) as draft:
                (draft / "weights").write_text(step.label + came_out)
                question.write(draft)
                sealed = ws.store.seal(draft, question.key, step.settings.gives, (), {})
            start = start.after(step, sealed.digest)

    return run


@pytest.fixture
def told(smoke, ws):
    """What is said of each step of the smoke recipe, changed."""
    return lambda *changes: list(map(str, why(smoke(*changes).document.path, ws)))


MORE_EPOCHS = ("finetune: {epochs: 4", "finetune: {epochs: 5")


def test_what_was_made_is_cached(make, smoke, told):
    make(smoke())
    assert told() == [
        "teacher finetune: cached",
        "stages[0] distill: cached",
        "stages[1] export: cached",
        "stages[2] quantize: cached",
    ]


def test_in_an_empty_store_there_is_nothing_to_compare_with(smoke, ws):
    assert {step.state for step in why(smoke().document.path, ws)} == {State.FIRST}


def test_a_changed_setting_is_told_with_both_values(make, smoke, told):
    make(smoke())
    assert told(MORE_EPOCHS)[0] == "teacher finetune: runs again: settings.epochs 4 -> 5"


def test_what_follows_is_told_of_its_own_changes_alone(make, smoke, told):
    make(smoke())
    assert told(MORE_EPOCHS, ("layers: 2", "layers: 3"))[1:] == [
        "stages[0] distill: follows a step that runs: settings.layers 2 -> 3",
        "stages[1] export: follows a step that runs: nothing of its own has changed",
        "stages[2] quantize: follows a step that runs: nothing of its own has changed",
    ]


def test_other_rows_and_another_seed_are_told(make, smoke, told):
    make(smoke())
    changed = told(("split: train}", "split: train, rows: 900}"), ("seed: 7", "seed: 8"))
    assert changed[0].startswith("teacher finetune: runs again: seed 7 -> 8; rows of train")


def test_a_role_that_was_not_read_before_is_new(make, smoke, told):
    without = '  validation:  {source: "resource:tiny-reviews", split: validation}\n'
    make(smoke((without, "")))
    assert told()[0] == "teacher finetune: runs again: rows of validation (new)"


def test_another_version_of_a_library_is_told(make, smoke, told, monkeypatch):
    make(smoke())
    monkeypatch.setattr("edgecompress.store.keys._version", lambda name: f"99-{name}")
    assert "-> 99-torch" in told()[0]


def test_a_model_that_came_out_otherwise_is_told(make, smoke, told):
    make(smoke(MORE_EPOCHS), came_out="other")
    make(smoke(), steps=1)
    assert told()[1] == "stages[0] distill: runs again: the model that it starts from"


def test_the_most_similar_question_is_compared_with(make, smoke, told):
    for epochs in ("9, dropout: 0.5", "6"):
        make(smoke(("finetune: {epochs: 4", f"finetune: {{epochs: {epochs}")), steps=1)
    assert told()[0] == "teacher finetune: runs again: settings.epochs 6 -> 4"


def test_a_question_that_is_not_the_objects_own_is_not_believed(make, smoke, told, ws):
    make(smoke(), steps=1)
    (entry,) = ws.store.entries()
    kept = entry.path / "asked.json"
    kept.write_text(kept.read_text().replace('"epochs":4', '"epochs":3'))
    assert told(MORE_EPOCHS)[0].endswith(State.FIRST)


def test_objects_from_before_questions_were_kept_are_passed_over(make, smoke, told, ws):
    make(smoke(), steps=1)
    (entry,) = ws.store.entries()
    (entry.path / "asked.json").unlink()
    assert told()[0] == "teacher finetune: cached"
    assert told(MORE_EPOCHS)[0].endswith(State.FIRST)
