import json
from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.errors import StageError
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Difficulty
from edgecompress.stages import difficulty
from edgecompress.training.scores import label_losses, load_scores
from tests.fakes import Listener

QUICK = Difficulty(
    kind="difficulty",
    sparsities=(0.2, 0.4, 0.6),
    epochs=1,
    learning_rate=1e-3,
    max_length=48,
    precision="fp32",
)


def changed(**values) -> Difficulty:
    return QUICK.model_copy(update=values)


@pytest.mark.parametrize("method", ["one-shot", "gradual", "runs"])
def test_every_text_of_train_and_validation_is_scored(method, teacher, new_context):
    ctx = new_context()
    facts = difficulty.run(teacher, changed(method=method), ctx)
    for role, rows in (("train", 300), ("validation", 100)):
        scores = load_scores(ctx.out, ctx.data[role])
        assert scores.d.shape == scores.wrong.shape == (rows,)
        assert scores.d.min() >= 0.3
        assert scores.d.max() <= 1
    assert sum(facts["d"]["counts"]) == 300
    assert json.dumps(facts)


def test_scores_are_those_of_the_models_kept(teacher, new_context):
    ctx = new_context()
    difficulty.run(teacher, QUICK, ctx)
    train = ctx.data["train"]
    folders = [ctx.scratch / f"train-answers-at {s}" for s in QUICK.sparsities]
    losses = [label_losses(np.load(f / "logits.npy"), train.labels) for f in folders]
    scores = load_scores(ctx.out, train)
    np.testing.assert_allclose(scores.variance, np.var(losses, axis=0))
    np.testing.assert_allclose(scores.mean_loss, np.mean(losses, axis=0))


def test_the_models_answers_are_those_of_the_model_that_came_in(teacher, new_context):
    ctx = new_context()
    facts = difficulty.run(teacher, QUICK, ctx)
    validation = ctx.data["validation"]
    right = TorchPredictor(teacher.path).logits(validation.texts).argmax(1) == validation.labels
    hard = load_scores(ctx.out, validation).hard
    assert facts["validation"] == pytest.approx(
        {"easy_accuracy": right[~hard].mean(), "hard_accuracy": right[hard].mean()}
    )
    assert facts["validation"]["easy_accuracy"] > facts["validation"]["hard_accuracy"]


def test_collapsed_models_have_no_say(teacher, new_context):
    listener = Listener()
    ctx = new_context(progress=listener)
    facts = difficulty.run(teacher, changed(sparsities=(0.2, 0.4, 0.995)), ctx)
    assert [one["used"] for one in facts["models"].values()] == [True, True, False]
    assert listener.warnings[0].startswith("difficulty: collapsed at sparsity (accuracy on train)")
    alone = new_context()
    difficulty.run(teacher, changed(sparsities=(0.2, 0.4)), alone)
    np.testing.assert_array_equal(
        load_scores(ctx.out, ctx.data["train"]).d, load_scores(alone.out, ctx.data["train"]).d
    )


def test_one_model_alone_has_no_variance(teacher, new_context):
    collapsing = changed(sparsities=(0.2, 0.99, 0.995))
    with pytest.raises(StageError, match="fewer than 2 models are left; ask for lower spars"):
        difficulty.run(teacher, collapsing, new_context())
    kept = collapsing.model_copy(update={"keep_collapsed": True})
    assert difficulty.run(teacher, kept, new_context())["models"]["0.995"]["used"]


def test_without_validation_train_alone_is_scored(teacher, new_context):
    ctx = new_context()
    ctx = replace(ctx, data={"train": ctx.data["train"]})
    assert "validation" not in difficulty.run(teacher, QUICK, ctx)
    assert sorted(file.name for file in ctx.out.iterdir())[1:] == [
        "train-d.npy",
        "train-mean_loss.npy",
        "train-variance.npy",
        "train-wrong.npy",
    ]


def test_the_ends_are_shown_shortly(teacher, new_context):
    ctx = new_context()
    train = ctx.data["train"]
    long = replace(train, texts=tuple(f"{text} {'so good ' * 20}" for text in train.texts))
    facts = difficulty.run(teacher, QUICK, replace(ctx, data={"train": long}))
    hardest = facts["hardest"][0]
    row = train.origins.index(hardest["origin"])
    assert len(hardest["text"]) == 80
    assert hardest["text"].startswith(train.texts[row][:20])
    assert hardest["label"] == ctx.labels[train.labels[row]]
    assert [one["d"] for one in facts["easiest"]] == [0.3] * 3


def test_mislabelled_texts_stand_out(teacher, new_context):
    """Turning labels round makes texts that every model misses, whatever is pruned."""
    ctx = new_context()
    train = ctx.data["train"]
    labels = train.labels.copy()
    labels[:60] = 1 - labels[:60]
    shares = []
    for texts in (train, replace(train, labels=labels)):
        facts = difficulty.run(teacher, QUICK, new_context(data={"train": texts}))
        shares.append(facts["likely_mislabelled"])
    assert shares[1] > shares[0] + 0.05


def test_pairs_are_scored_too(teacher, new_context):
    ctx = new_context(pair_inputs=True)
    train = ctx.data["train"]
    pairs = replace(train, texts=tuple((text, "the plot is messy.") for text in train.texts))
    ctx = replace(ctx, data={"train": pairs})
    facts = difficulty.run(teacher, QUICK, ctx)
    assert " | " in facts["hardest"][0]["text"]
    assert len(load_scores(ctx.out, pairs).d) == 300


def test_the_same_seed_gives_the_same_bytes(teacher, new_context):
    folders = []
    for _ in range(2):
        ctx = new_context()
        difficulty.run(teacher, changed(method="gradual", sparsities=(0.3, 0.5)), ctx)
        folders.append(ctx.out)
    for file in folders[0].iterdir():
        assert file.read_bytes() == (folders[1] / file.name).read_bytes(), file.name
