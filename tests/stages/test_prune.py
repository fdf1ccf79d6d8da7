import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.models.checkpoint import load_model
from edgecompress.models.latency_table import Curve, LatencyTable
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.shrinking import Prune
from edgecompress.stages import prune
from edgecompress.training.sparsity import prunable, sparsity_of
from tests.fakes import Listener

QUICK = {
    "kind": "prune",
    "epochs": 1,
    "learning_rate": 1e-3,
    "max_length": 48,
    "precision": "fp32",
    "scoring_rows": 64,
}
TABLE = LatencyTable(
    heads=Curve([1, 4], [7.0, 10.0]),
    neurons=Curve([8, 128], [6.0, 10.0]),
    last_heads=Curve([1, 4], [3.0, 6.0]),
    last_neurons=Curve([8, 128], [5.0, 6.0]),
)


def asking(**values) -> Prune:
    return Prune(**{**QUICK, **values})


def agreement(one, other, texts) -> float:
    ours, theirs = (TorchPredictor(path).logits(texts).argmax(axis=1) for path in (one, other))
    return float((ours == theirs).mean())


def weights(ctx) -> bytes:
    return (ctx.out / "model.safetensors").read_bytes()


def test_sizes_are_those_asked_for_and_the_student_answers_as_its_teacher(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = prune.run(teacher, asking(heads=2, intermediate=0.5, layers=3, epochs=2), ctx)
    config = load_model(ctx.out).config
    assert (config.heads, config.intermediate) == ((2,) * 3, (64,) * 3)
    assert (facts["heads"], facts["layers_kept"], facts["layers_of"]) == ([2] * 3, [0, 1, 2], 4)
    assert (facts["steps"], facts["epochs"], len(facts["legs"])) == (20, 2, 1)
    assert facts["params"] == TorchPredictor(ctx.out).params
    assert agreement(ctx.out, teacher.path, ctx.data["validation"].texts) > 0.85
    assert json.dumps(facts)


def test_without_training_the_repaired_student_still_answers(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = prune.run(teacher, asking(heads=2, intermediate=0.5, epochs=0), ctx)
    assert facts["heads"] == [2] * 4
    assert "steps" not in facts
    assert agreement(ctx.out, teacher.path, ctx.data["validation"].texts) > 0.85


def test_another_cut_finds_what_the_teacher_told_the_first(teacher, new_context, shelf):
    for heads in (1, 2):
        ctx = new_context(teacher=teacher, keep=shelf)
        prune.run(teacher, asking(heads=heads, intermediate=64, epochs=1), ctx)
    validation, train = (ctx.data[role].digest for role in ("validation", "train"))
    assert sorted(asked["texts"] for asked in shelf.asked) == sorted([validation, train])


def test_without_training_the_teacher_is_asked_of_the_scored_rows_alone(
    teacher, new_context, shelf
):
    ctx = new_context(teacher=teacher, keep=shelf)
    prune.run(teacher, asking(heads=2, epochs=0), ctx)
    asked = [each["texts"] for each in shelf.asked]
    assert len(asked) == 2  # validation, by which the student is judged, and these rows
    assert ctx.data["train"].digest not in asked


def test_rounds_cut_depth_then_width_while_the_rest_learns(teacher, new_context):
    ctx = new_context(teacher=teacher)
    settings = asking(heads=2, layers=3, rounds=2, epochs=2, pruning_share=0.3)
    facts = prune.run(teacher, settings, ctx)
    told = [(leg["steps_from"], leg["heads"], leg["steps"]) for leg in facts["legs"]]
    assert told == [(0, [4, 4, 4], 2), (2, [3, 3, 3], 2), (4, [2, 2, 2], 16)]
    assert facts["steps"] == 20
    unchosen = [leg["best_validation"] for leg in facts["legs"][:-1]]
    assert unchosen == [None, None], "an epoch before the last cut is not the best of all"
    assert facts["best_validation"] is not None


def test_transfer_texts_come_first_and_the_cuts_with_them(teacher, new_context):
    ctx = new_context(teacher=teacher)
    ctx = replace(ctx, data={**ctx.data, "transfer": replace(ctx.data["train"], name="transfer")})
    facts = prune.run(teacher, asking(heads=2, rounds=2, pruning_share=0.2), ctx)
    told = [(leg["role"], leg["steps_from"], leg["heads"][0]) for leg in facts["legs"]]
    assert told == [("transfer", 0, 3), ("transfer", 2, 2), ("train", 0, 2)]


class DiesAt(Silent):
    """A listener that ends the run at its n-th word about some work."""

    def __init__(self, work: str, times: int) -> None:
        self.work, self.left = work, times

    @contextmanager
    def track(self, what, total, unit):
        self.current = what
        yield self

    def advance(self, amount=1, note=""):
        self.left -= self.current == self.work
        if self.left == 0 and self.current == self.work:
            raise KeyboardInterrupt


ROUNDS = {"heads": 2, "intermediate": 32, "layers": 3, "rounds": 2, "pruning_share": 0.9}


def test_a_killed_run_goes_on_and_ends_the_same_wherever_it_was(teacher, new_context):
    unbroken = new_context(teacher=teacher)
    prune.run(teacher, asking(**ROUNDS), unbroken)
    for work, times in [("train-0", 2), ("train-3", 1), ("train-6", 1), ("train-6", 4)]:
        ctx = new_context(teacher=teacher)
        settings = asking(**ROUNDS, checkpoint_every=2)
        with pytest.raises(KeyboardInterrupt):
            prune.run(teacher, settings, replace(ctx, progress=DiesAt(work, times)))
        heard = Listener()
        prune.run(teacher, settings, replace(ctx, progress=heard))
        assert weights(ctx) == weights(unbroken), (work, times)
        assert ("train-0" in heard.tracked) == (work == "train-0"), "a leg behind a cut is done"


@pytest.mark.parametrize("rounds", [1, 3])
def test_single_weights_stay_zero_through_training(rounds, teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = prune.run(teacher, asking(sparsity=0.6, rounds=rounds, pruning_share=0.5), ctx)
    student = load_model(ctx.out)
    assert sparsity_of(student) == pytest.approx(0.6, abs=1e-3)
    assert facts["sparsity"]["share"] == sparsity_of(student)
    assert facts["sparsity"]["faster"].startswith("no")
    assert len(prunable(student)) == 24


def test_a_speed_is_met_by_the_table_and_the_table_is_told(teacher, new_context, monkeypatch):
    monkeypatch.setattr(prune, "measure_layers", lambda *_: TABLE)
    facts = prune.run(teacher, asking(speedup=1.5, epochs=0), new_context(teacher=teacher))
    latency = facts["latency"]
    assert latency["layers_ms_before"] == 36.0
    assert latency["layers_ms"] <= 24.0
    assert latency["times_faster"] == pytest.approx(36 / latency["layers_ms"])
    assert LatencyTable.from_json(latency["table"]) == TABLE


def test_a_killed_run_keeps_its_measured_times(teacher, new_context, monkeypatch):
    ctx = new_context(teacher=teacher)
    settings = asking(speedup=1.5)
    monkeypatch.setattr(prune, "measure_layers", lambda *_: TABLE)
    with pytest.raises(KeyboardInterrupt):
        prune.run(teacher, settings, replace(ctx, progress=DiesAt("train", 1)))
    monkeypatch.setattr(prune, "measure_layers", lambda *_: pytest.fail("measured again"))
    assert prune.run(teacher, settings, ctx)["latency"]["asked"] == 1.5


def test_a_network_with_layers_of_unlike_width_is_pruned_on(teacher, new_artifact, new_context):
    first = new_context(teacher=teacher)
    prune.run(teacher, asking(heads=3, intermediate=0.5, ranking="global", epochs=0), first)
    config = load_model(first.out).config
    assert (sum(config.heads), sum(config.intermediate)) == (12, 256)
    second = new_context(teacher=teacher)
    prune.run(new_artifact(first.out), asking(heads=1), second)
    again = load_model(second.out).config
    assert (again.heads, again.intermediate) == ((1,) * 4, config.intermediate)


def test_states_are_learnt_by_whatever_depth_a_leg_has(teacher, new_context):
    ctx = new_context(teacher=teacher)
    settings = asking(layers=2, rounds=2, pruning_share=0.9, objective=Objective(hidden=1.0))
    assert prune.run(teacher, settings, ctx)["heads"] == [4, 4]


def test_pairs_are_pruned_as_single_texts_are(teacher, new_context):
    ctx = new_context(teacher=teacher)
    data = {
        role: replace(texts, texts=tuple((text, "and so on") for text in texts.texts))
        for role, texts in ctx.data.items()
    }
    facts = prune.run(teacher, asking(heads=2), replace(ctx, data=data, pair_inputs=True))
    assert facts["heads"] == [2] * 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heads": 5}, r"prune.heads: got 5; the model has 4"),
        ({"intermediate": 129}, r"prune.intermediate: got 129; the model has 128"),
        ({"layers": 5}, r"prune.layers: got 5; the model has 4"),
        ({"layers": (1, 4)}, r"prune.layers: got \[1, 4\]; the model has layers 0 to 3"),
        ({"heads": (2, 2)}, r"prune.heads: got 2 numbers for 4 kept layers"),
        ({"layers": (0, 3), "intermediate": (64, 256)}, r"these layers have \[128, 128\]"),
        ({"heads": 2, "rounds": 9, "pruning_share": 0.1}, "9 cuts do not fit into the first 1 of"),
        ({"heads": 2, "max_length": 512}, "positions for 128"),
    ],
)
def test_what_cannot_be_is_refused_before_any_training(settings, message, teacher, new_context):
    heard = Listener()
    with pytest.raises(StageError, match=message):
        prune.run(teacher, asking(**settings), new_context(teacher=teacher, progress=heard))
    assert heard.tracked == []
