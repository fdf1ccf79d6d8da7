import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from edgecompress.core.errors import StageError
from edgecompress.core.texts import UNLABELLED
from edgecompress.models.checkpoint import load_model
from edgecompress.models.encoder import Encoder
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Replacing, Theseus
from edgecompress.recipe.objective import Objective
from edgecompress.stages import theseus
from edgecompress.stages.theseus import draw_gates, replacing_steps, stretches, successor_share
from edgecompress.training.teaching import Part

WEIGHTS = "model.safetensors"
QUICK = Theseus(
    kind="theseus",
    modules=2,
    epochs=1,
    learning_rate=1e-3,
    max_length=48,
    precision="fp32",
    replacing=Replacing(rate=0.5),
)


def changed(**values) -> Theseus:
    return QUICK.model_copy(update=values)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # rate 0.3 over 10 of 20 steps: k = 0.7 / 10
        ("curriculum", {0: 0.3, 1: 0.37, 5: 0.65, 9: 0.93, 10: 1.0, 19: 1.0}),
        ("constant", {0: 0.3, 9: 0.3, 10: 1.0, 19: 1.0}),
        ("anti-curriculum", {0: 0.7, 1: 0.63, 5: 0.35, 9: 0.07, 10: 1.0}),
        # the predecessor's weight: 1 to 0.3, then 0.3 to 0
        ("blend", {0: 0.0, 1: 0.14, 5: 0.7, 6: 0.76, 9: 0.94, 10: 1.0}),
    ],
)
def test_the_rate_follows_its_schedule(schedule, expected):
    replacing = Replacing(schedule=schedule, rate=0.3, share=0.5)
    found = {step: successor_share(replacing, step, 20) for step in expected}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["curriculum", "constant", "anti-curriculum", "blend"])
def test_the_successor_is_alone_once_its_share_of_the_steps_is_done(schedule):
    replacing = Replacing(schedule=schedule, share=0.1)
    last = replacing_steps(replacing, 300)
    assert last == 30
    assert successor_share(replacing, last - 1, 300) < 1 == successor_share(replacing, last, 300)


def test_gates_are_drawn_by_seed_and_step_alone():
    first = [draw_gates(0.5, 6, 7, step) for step in range(50)]
    torch.rand(3)
    np.random.random(3)
    assert [draw_gates(0.5, 6, 7, step) for step in range(50)] == first
    assert [draw_gates(0.5, 6, 8, step) for step in range(50)] != first


def test_gates_open_as_often_as_the_rate_says():
    drawn = np.array([draw_gates(0.3, 6, 7, step) for step in range(2000)])
    # four standard errors of a mean of 2000 draws: 4 * sqrt(0.3 * 0.7 / 2000) = 0.041
    assert drawn.mean(axis=0) == pytest.approx(0.3, abs=0.041)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(6)).max() < 0.09  # 4 / sqrt(2000)
    assert all(draw_gates(1.0, 6, 7, 3))
    assert not any(draw_gates(1e-12, 6, 7, 3))


def test_a_draw_of_gates_touches_no_other_chance():
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    draw_gates(0.5, 6, 7, 3)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]


class Watched:
    """A hybrid of three modules that remembers what was replaced."""

    replaceable = (None, None, None)

    def replace(self, weights):
        self.weights = weights


def test_gates_count_the_steps_of_earlier_parts():
    watched, replacing = Watched(), Replacing(rate=0.3, share=0.5)
    theseus.Gates(watched, replacing, 7, steps_before=20, steps_of_all=60).before(3, 40)
    # 23 of the 30 steps that replace: 0.3 + 0.7 * 23 / 30
    assert watched.weights == draw_gates(0.3 + 0.7 * 23 / 30, 3, 7, 23)


def test_a_blend_gives_every_module_the_same_weight():
    watched, replacing = Watched(), Replacing(schedule="blend", share=1.0)
    theseus.Gates(watched, replacing, 7, steps_before=0, steps_of_all=40).before(10, 40)
    assert watched.weights == pytest.approx([0.35] * 3)  # half of the way to 0.7


def cut(rest: str, share: float) -> list[tuple[str, tuple[int, int] | None, int, bool]]:
    """What is trained in which order, of 20 steps on unlabelled and 40 on labelled texts."""
    parts = [(Part("transfer", 1, Objective()), 20), (Part("train", 2, Objective()), 40)]
    settings = changed(rest=rest, replacing=Replacing(share=share))
    return [(s.name, s.part.span, s.before, s.trains_rest) for s in stretches(settings, parts)]


@pytest.mark.parametrize(("rest", "trained"), [("frozen", False), ("trained", True)])
def test_the_parts_stay_whole_where_the_rest_is_always_or_never_trained(rest, trained):
    assert cut(rest, 0.5) == [("transfer", None, 0, trained), ("train", None, 20, trained)]


def test_the_rest_is_trained_late_from_the_step_on_that_ends_the_replacing():
    assert cut("late", 0.5) == [
        ("transfer", None, 0, False),
        ("train-replacing", (0, 10), 20, False),
        ("train-alone", (10, 40), 20, True),
    ]
    assert cut("late", 0.2) == [
        ("transfer-replacing", (0, 12), 0, False),
        ("transfer-alone", (12, 20), 0, True),
        ("train", None, 20, True),
    ]
    assert [trained for *_, trained in cut("late", 1 / 3)] == [False, True]


def test_the_successor_learns_to_answer_as_its_teacher(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = theseus.run(teacher, changed(epochs=4), ctx)
    texts = ctx.data["validation"].texts
    student, whole = TorchPredictor(ctx.out), TorchPredictor(teacher.path)
    agreement = (student.logits(texts).argmax(axis=1) == whole.logits(texts).argmax(axis=1)).mean()
    assert agreement > 0.85
    assert facts["best_validation"] == pytest.approx(agreement, abs=0.01)  # it learns by labels
    assert facts["params"] == student.params < whole.params
    assert (facts["module_layers"], facts["layers_of"]) == ([2, 2], 4)
    assert (facts["steps"], facts["replacing_steps"], facts["rate_at_start"]) == (40, 20, 0.5)
    assert json.dumps(facts)


def test_the_result_is_an_ordinary_encoder(teacher, new_context):
    ctx = new_context(teacher=teacher)
    theseus.run(teacher, changed(modules=(1, 3)), ctx)
    student = load_model(ctx.out)
    assert type(student) is Encoder
    assert student.config.layers == 2


def frozen_names(teacher, ctx) -> set[str]:
    """Which weights of the result are still those of the model that came in."""
    before, after = load_model(teacher.path), load_model(ctx.out)
    whole = Encoder.from_pretrained(before.network).state_dict()
    return {name for name, weight in after.state_dict().items() if torch.equal(weight, whole[name])}


@pytest.mark.parametrize("rest", ["frozen", "late", "trained"])
def test_embeddings_and_head_stay_only_where_they_are_frozen(rest, teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = theseus.run(teacher, changed(rest=rest), ctx)
    stayed = frozen_names(teacher, ctx)
    parts = {name.split(".")[0] for name in stayed}
    assert parts == ({"embeddings", "head"} if rest == "frozen" else set())
    if rest == "late":
        assert (facts["train-replacing"]["steps"], facts["steps"]) == (5, 5)


def test_a_step_that_replaces_nothing_moves_nothing(teacher, new_context):
    ctx = new_context(teacher=teacher)
    replacing = Replacing(schedule="constant", rate=1e-12, share=1.0)
    theseus.run(teacher, changed(replacing=replacing), ctx)
    assert len(frozen_names(teacher, ctx)) == len(load_model(ctx.out).state_dict())


@pytest.mark.parametrize(
    ("schedule", "part"),
    [
        ("constant", "logits"),
        ("anti-curriculum", "hidden"),
        ("blend", "attention"),
        ("curriculum", "relations"),
    ],
)
def test_every_schedule_learns_from_every_part(schedule, part, teacher, new_context):
    ctx = new_context(teacher=teacher)
    objective = Objective(**{"logits": 0.0, part: 1.0})
    settings = changed(objective=objective, replacing=Replacing(schedule=schedule, rate=0.5))
    assert theseus.run(teacher, settings, ctx)["steps"] == 10
    assert not any(name.startswith("layers.0") for name in frozen_names(teacher, ctx))


def with_transfer(ctx):
    """The same rows once more, without labels."""
    texts = replace(ctx.data["train"], name="transfer", labels=np.full(300, UNLABELLED))
    return replace(ctx, data={**ctx.data, "transfer": texts})


def test_unlabelled_texts_come_first_and_replacing_goes_on_over_both(teacher, new_context):
    ctx = with_transfer(new_context(teacher=teacher))
    objective = Objective(logits=1.0, labels=1.0)
    facts = theseus.run(teacher, changed(objective=objective, transfer_epochs=2), ctx)
    assert (facts["transfer"]["steps"], facts["steps"], facts["replacing_steps"]) == (20, 10, 15)


def test_unlabelled_texts_are_left_out_where_only_labels_teach(teacher, new_context):
    facts = theseus.run(teacher, QUICK, with_transfer(new_context(teacher=teacher)))
    assert "transfer" not in facts
    assert facts["replacing_steps"] == 5


def test_sentence_pairs_are_learnt_too(teacher, new_context):
    ctx = new_context(teacher=teacher)
    data = {
        role: replace(texts, texts=tuple(pairwise((*texts.texts, texts.texts[0]))))
        for role, texts in ctx.data.items()
    }
    facts = theseus.run(teacher, changed(epochs=2), replace(ctx, data=data, pair_inputs=True))
    assert facts["best_validation"] > 0.6


def test_a_model_that_is_already_compressed_can_be_made_shallower(
    teacher, new_context, new_artifact
):
    first = new_context(teacher=teacher)
    theseus.run(teacher, changed(modules=3), first)
    second = new_context(teacher=teacher)
    facts = theseus.run(new_artifact(first.out), changed(modules=1, learn_from="input"), second)
    assert facts["module_layers"] == [3]


class Killed(BaseException):
    """What nothing may catch."""


def test_a_run_killed_again_and_again_ends_with_the_bytes_of_an_unbroken_one(
    teacher, new_context, monkeypatch
):
    # 10 steps on unlabelled texts, then 10 on labelled ones, cut in two after the fifth
    settings = changed(
        rest="late",
        replacing=Replacing(rate=0.3, share=0.75),
        objective=Objective(logits=0.5, labels=0.5),
        checkpoint_every=3,
    )
    whole = with_transfer(new_context(teacher=teacher))
    theseus.run(teacher, settings, whole)
    broken = with_transfer(new_context(teacher=teacher))
    kept = theseus.Gates.before
    for step_killed in (4, 8, 1, 9):  # twice in the first part, once in each half of the second

        def dies(gates, step, steps, at=step_killed):
            if step == at:
                torch.rand(5)  # a new process stands elsewhere
                raise Killed
            kept(gates, step, steps)

        monkeypatch.setattr(theseus.Gates, "before", dies)
        with pytest.raises(Killed):
            theseus.run(teacher, settings, broken)
    monkeypatch.setattr(theseus.Gates, "before", kept)
    theseus.run(teacher, settings, broken)
    assert (whole.out / WEIGHTS).read_bytes() == (broken.out / WEIGHTS).read_bytes()


def test_modules_that_do_not_fit_are_refused(teacher, new_context):
    with pytest.raises(StageError, match="must add up to the 4 layers of the model"):
        theseus.run(teacher, changed(modules=(2, 1)), new_context(teacher=teacher))


def test_an_objective_without_parts_is_refused(teacher, new_context):
    settings = changed(objective=Objective(logits=0.0))
    with pytest.raises(StageError, match="every part has weight 0"):
        theseus.run(teacher, settings, new_context(teacher=teacher))
