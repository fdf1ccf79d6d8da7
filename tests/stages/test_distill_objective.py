import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from edgecompress.core.errors import IntegrityError, StageError
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.hugging_face import HuggingFaceClassifier
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Distill
from edgecompress.recipe.objective import Objective
from edgecompress.stages import distill
from edgecompress.training.scores import Scores, save_scores

QUICK = Distill(
    kind="distill", layers=2, epochs=1, learning_rate=1e-3, max_length=48, precision="fp32"
)


def changed(**values) -> Distill:
    return QUICK.model_copy(update=values)


@pytest.mark.parametrize("part", ["hidden", "attention", "relations", "labels"])
def test_each_part_of_the_objective_trains(part, teacher, small_context):
    ctx = small_context(teacher=teacher)
    facts = distill.run(teacher, changed(objective=Objective(**{"logits": 0.0, part: 1.0})), ctx)
    assert facts["steps"] == 3


@pytest.mark.parametrize("wish", [{"smooth": "difficulty"}, {"smooth": 0.5}, {"reweight": "jtt"}])
def test_difficulty_changes_what_is_learnt_from_train(wish, teacher, new_artifact, small_context):
    ctx = small_context(teacher=teacher)
    chance, texts = np.random.default_rng(1), ctx.data["train"]
    made = Scores(*(chance.uniform(0.2, 1, size=96) for _ in range(4)))
    folder = ctx.scratch.parent / "scores"
    folder.mkdir()
    save_scores({"train": (texts, made)}, folder)
    ctx = replace(ctx, aside={"difficulty": new_artifact(folder)})
    changed_ctx = replace(small_context(teacher=teacher), aside=ctx.aside)
    distill.run(teacher, changed(layers=1), ctx)
    distill.run(teacher, changed(layers=1, objective=Objective(**wish)), changed_ctx)
    plain, other = (load_model(c.out).head.out.weight for c in (ctx, changed_ctx))
    assert not torch.equal(plain, other)  # to the bit, else nothing has changed


def test_scores_of_other_rows_are_refused(teacher, new_artifact, small_context):
    ctx = small_context(teacher=teacher)
    folder = ctx.scratch.parent / "scores"
    folder.mkdir()
    save_scores({"validation": (ctx.data["validation"], Scores(*[np.ones(32)] * 4))}, folder)
    ctx = replace(ctx, aside={"difficulty": new_artifact(folder)})
    settings = changed(objective=Objective(smooth="difficulty"))
    with pytest.raises(IntegrityError, match="no scores of these rows of data.train"):
        distill.run(teacher, settings, ctx)


def test_relations_need_no_common_width(teacher, own_student, small_context):
    ctx = small_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(logits=0.0, relations=1.0))
    assert distill.run(own_student, settings, ctx)["steps"] == 3


def test_a_teacher_that_does_not_show_relations_is_refused(
    own_student, new_artifact, small_context
):
    folder = small_context().out
    network = transformers.MPNetForSequenceClassification(
        transformers.MPNetConfig(
            vocab_size=221, hidden_size=16, num_hidden_layers=1, num_attention_heads=2
        )
    )
    save_model(HuggingFaceClassifier(network), folder)
    copy_tokenizer(own_student.path, folder, 48)
    ctx = small_context(teacher=new_artifact(folder))
    settings = changed(layers=1, objective=Objective(relations=1.0))
    message = "objective.relations: a mpnet network cannot become our encoder"
    with pytest.raises(StageError, match=message):
        distill.run(own_student, settings, ctx)


def test_inner_states_are_matched_by_pieces_not_by_their_numbers(
    teacher, new_artifact, small_context, tmp_path
):
    # the same words in reverse order, as a cut vocabulary might have them, with the same vectors
    model = as_encoder(load_model(teacher.path))
    copy_tokenizer(teacher.path, tmp_path, 48)
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    first, last = 5, len(vocabulary) - 1  # behind the special ones
    turned = {w: i if i < first else first + last - i for w, i in vocabulary.items()}
    tokenizer["model"]["vocab"] = turned
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    words = model.embeddings.word.weight.data
    words[first:] = words[first:].flip(0)
    save_model(model, tmp_path)
    ctx = small_context(teacher=teacher)
    settings = changed(layers=4, learning_rate=1e-12, objective=Objective(hidden=1.0))
    distill.run(new_artifact(tmp_path), settings, ctx)
    texts = ctx.data["validation"].texts
    theirs = TorchPredictor(teacher.path).logits(texts)
    np.testing.assert_allclose(TorchPredictor(ctx.out).logits(texts), theirs, atol=1e-4)


def test_a_part_that_cannot_be_learnt_is_refused_before_another_is_learnt(
    teacher, own_student, small_context
):
    ctx = small_context(teacher=teacher)
    unlabelled = replace(ctx.data["train"], name="transfer")
    ctx = replace(ctx, data={**ctx.data, "transfer": unlabelled})
    settings = changed(layers=1, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match="student is 16 wide"):
        distill.run(own_student, settings, ctx)
    assert not (ctx.scratch / "transfer").exists()


def test_inner_states_of_another_width_are_refused_with_both(teacher, own_student, small_context):
    ctx = small_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match="student is 16 wide, its teacher's is 64"):
        distill.run(own_student, settings, ctx)


def test_maps_of_another_number_of_heads_are_refused_with_both(teacher, own_student, small_context):
    ctx = small_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(attention=1.0))
    with pytest.raises(StageError, match="student is 2 heads, its teacher's is 4"):
        distill.run(own_student, settings, ctx)


def test_inner_states_of_other_tokens_are_refused(teacher, small_context):
    ctx = small_context(teacher=teacher)
    settings = changed(max_length=8, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match=r"read train.csv:\d+ as 8 and \d+ tokens"):
        distill.run(teacher, settings, ctx)


def test_an_objective_without_parts_is_refused(teacher, small_context):
    with pytest.raises(StageError, match="every part has weight 0"):
        distill.run(
            teacher, changed(objective=Objective(logits=0.0)), small_context(teacher=teacher)
        )
