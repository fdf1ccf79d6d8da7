import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from edgecompress.core.errors import IntegrityError, StageError
from edgecompress.core.texts import UNLABELLED, TextSet
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.encoder import Encoder
from edgecompress.models.hugging_face import HuggingFaceClassifier
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Augment, Distill
from edgecompress.recipe.objective import Objective
from edgecompress.stages import distill
from edgecompress.stages.distill import choose_layers
from edgecompress.training import loop
from edgecompress.training.scores import Scores, save_scores

QUICK = Distill(
    kind="distill", layers=2, epochs=1, learning_rate=1e-3, max_length=48, precision="fp32"
)


def changed(**values) -> Distill:
    return QUICK.model_copy(update=values)


@pytest.mark.parametrize(
    ("asked", "depth", "expected"),
    [
        (6, 12, (0, 2, 4, 7, 9, 11)),  # as in DistilBERT's published initialisation
        (3, 12, (0, 6, 11)),  # as in Shleifer & Rush
        (3, 6, (0, 2, 5)),
        (2, 4, (0, 3)),
        (4, 4, (0, 1, 2, 3)),
        (1, 6, (0,)),
        ((0, 2, 4), 6, (0, 2, 4)),
    ],
)
def test_layers_are_spaced_evenly_with_both_ends_kept(asked, depth, expected):
    assert choose_layers(asked, depth) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((0, 7), r"got \[0, 7\]; the origin has layers 0 to 5"),
        ((), r"got \[\]; the origin has layers 0 to 5"),
        (7, "got 7; the origin has 6 layers"),
        (0, "got 0; the origin has 6 layers"),
    ],
)
def test_layers_that_are_not_there_are_refused(asked, message):
    with pytest.raises(StageError, match=message):
        choose_layers(asked, 6)


def test_the_student_learns_to_answer_as_its_teacher(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = distill.run(teacher, changed(epochs=4), ctx)
    texts = ctx.data["validation"].texts
    student = TorchPredictor(ctx.out)
    ours = student.logits(texts).argmax(axis=1)
    theirs = TorchPredictor(teacher.path).logits(texts).argmax(axis=1)
    assert (ours == theirs).mean() > 0.85
    assert facts["layers_kept"] == [0, 3]
    assert facts["params"] == student.params < TorchPredictor(teacher.path).params
    assert facts["best_validation"] == pytest.approx(np.mean(ours == theirs), abs=0.01)
    assert json.dumps(facts)


def test_a_student_of_all_layers_starts_as_its_teacher(teacher, new_context):
    ctx = new_context(teacher=teacher)
    distill.run(teacher, changed(layers=4, learning_rate=1e-12), ctx)
    texts = ctx.data["validation"].texts[:20]
    theirs = TorchPredictor(teacher.path).logits(texts)
    np.testing.assert_allclose(TorchPredictor(ctx.out).logits(texts), theirs, atol=1e-4)


def test_weights_may_come_from_elsewhere(teacher, tiny_bert, new_context):
    ctx = new_context(teacher=teacher, origins={"weights": tiny_bert.path})
    distill.run(teacher, changed(learning_rate=1e-12), ctx)
    ours, theirs = load_model(ctx.out), load_model(teacher.path)
    raw = tiny_bert.path / "model.safetensors"
    assert raw.is_file()
    words = theirs.network.get_input_embeddings().weight
    assert not torch.allclose(ours.embeddings.word.weight, words, atol=1e-4)


def test_unlabelled_texts_come_first_and_need_no_labels(teacher, new_context):
    ctx = new_context(teacher=teacher)
    unlabelled = replace(ctx.data["train"], labels=np.full(300, UNLABELLED))
    ctx = replace(ctx, data={**ctx.data, "transfer": unlabelled})
    facts = distill.run(teacher, changed(transfer_epochs=2), ctx)
    assert (facts["transfer"]["steps"], facts["steps"]) == (20, 10)
    assert facts["transfer"]["best_validation"] is not None


@pytest.mark.parametrize("part", ["hidden", "attention", "relations", "labels"])
def test_each_part_of_the_objective_trains(part, teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = distill.run(teacher, changed(objective=Objective(**{"logits": 0.0, part: 1.0})), ctx)
    assert facts["steps"] == 10


@pytest.mark.parametrize("wish", [{"smooth": "difficulty"}, {"smooth": 0.5}, {"reweight": "jtt"}])
def test_difficulty_changes_what_is_learnt_from_train(wish, teacher, new_artifact, new_context):
    ctx = new_context(teacher=teacher)
    chance, texts = np.random.default_rng(1), ctx.data["train"]
    made = Scores(*(chance.uniform(0.2, 1, size=300) for _ in range(4)))
    folder = ctx.scratch.parent / "scores"
    folder.mkdir()
    save_scores({"train": (texts, made)}, folder)
    ctx = replace(ctx, aside={"difficulty": new_artifact(folder)})
    changed_ctx = replace(new_context(teacher=teacher), aside=ctx.aside)
    distill.run(teacher, changed(layers=1), ctx)
    distill.run(teacher, changed(layers=1, objective=Objective(**wish)), changed_ctx)
    plain, other = (load_model(c.out).head.out.weight for c in (ctx, changed_ctx))
    assert not torch.allclose(plain, other, atol=1e-4)


def test_scores_of_other_rows_are_refused(teacher, new_artifact, new_context):
    ctx = new_context(teacher=teacher)
    folder = ctx.scratch.parent / "scores"
    folder.mkdir()
    save_scores({"validation": (ctx.data["validation"], Scores(*[np.ones(100)] * 4))}, folder)
    ctx = replace(ctx, aside={"difficulty": new_artifact(folder)})
    settings = changed(objective=Objective(smooth="difficulty"))
    with pytest.raises(IntegrityError, match="no scores of these rows of data.train"):
        distill.run(teacher, settings, ctx)


def test_relations_need_no_common_width(teacher, own_student, new_context):
    ctx = new_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(logits=0.0, relations=1.0))
    assert distill.run(own_student, settings, ctx)["steps"] == 10


def test_a_teacher_that_does_not_show_relations_is_refused(own_student, new_artifact, new_context):
    folder = new_context().out
    network = transformers.MPNetForSequenceClassification(
        transformers.MPNetConfig(
            vocab_size=221, hidden_size=16, num_hidden_layers=1, num_attention_heads=2
        )
    )
    save_model(HuggingFaceClassifier(network), folder)
    copy_tokenizer(own_student.path, folder, 48)
    ctx = new_context(teacher=new_artifact(folder))
    settings = changed(layers=1, objective=Objective(relations=1.0))
    message = "objective.relations: a mpnet network cannot become our encoder"
    with pytest.raises(StageError, match=message):
        distill.run(own_student, settings, ctx)


def test_inner_states_are_matched_by_pieces_not_by_their_numbers(
    teacher, new_artifact, new_context, tmp_path
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
    ctx = new_context(teacher=teacher)
    settings = changed(layers=4, learning_rate=1e-12, objective=Objective(hidden=1.0))
    distill.run(new_artifact(tmp_path), settings, ctx)
    texts = ctx.data["validation"].texts[:20]
    theirs = TorchPredictor(teacher.path).logits(texts)
    np.testing.assert_allclose(TorchPredictor(ctx.out).logits(texts), theirs, atol=1e-4)


def test_a_part_that_cannot_be_learnt_is_refused_before_another_is_learnt(
    teacher, own_student, new_context
):
    ctx = new_context(teacher=teacher)
    unlabelled = replace(ctx.data["train"], name="transfer")
    ctx = replace(ctx, data={**ctx.data, "transfer": unlabelled})
    settings = changed(layers=1, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match="student is 16 wide"):
        distill.run(own_student, settings, ctx)
    assert not (ctx.scratch / "transfer").exists()


def test_inner_states_of_another_width_are_refused_with_both(teacher, own_student, new_context):
    ctx = new_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match="student is 16 wide, its teacher's is 64"):
        distill.run(own_student, settings, ctx)


def test_maps_of_another_number_of_heads_are_refused_with_both(teacher, own_student, new_context):
    ctx = new_context(teacher=teacher)
    settings = changed(layers=1, objective=Objective(attention=1.0))
    with pytest.raises(StageError, match="student is 2 heads, its teacher's is 4"):
        distill.run(own_student, settings, ctx)


def test_inner_states_of_other_tokens_are_refused(teacher, new_context):
    ctx = new_context(teacher=teacher)
    settings = changed(max_length=8, objective=Objective(hidden=1.0))
    with pytest.raises(StageError, match=r"read train.csv:\d+ as 8 and \d+ tokens"):
        distill.run(teacher, settings, ctx)


def test_an_objective_without_parts_is_refused(teacher, new_context):
    with pytest.raises(StageError, match="every part has weight 0"):
        distill.run(teacher, changed(objective=Objective(logits=0.0)), new_context(teacher=teacher))


def test_a_broken_distillation_goes_on_and_ends_the_same(teacher, new_context, monkeypatch):
    whole = new_context(teacher=teacher)
    unlabelled = replace(whole.data["train"], name="transfer")
    whole = replace(whole, data={**whole.data, "transfer": unlabelled})
    settings = changed(checkpoint_every=4)
    distill.run(teacher, settings, whole)
    broken = replace(new_context(teacher=teacher), data=whole.data)
    kept = distill.save_model

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(distill, "save_model", dies)
    with pytest.raises(KeyboardInterrupt):
        distill.run(teacher, settings, broken)
    monkeypatch.setattr(distill, "save_model", kept)
    distill.run(teacher, settings, broken)
    weights = "model.safetensors"
    assert (whole.out / weights).read_bytes() == (broken.out / weights).read_bytes()


def test_changed_texts_are_learnt_from_with_the_transfer_texts(teacher, new_context):
    ctx = new_context(teacher=teacher)
    free = [f"{text} again" for text in ctx.data["train"].texts[:30]]
    unlabelled = TextSet("transfer", tuple(free), np.full(30, UNLABELLED), tuple(free), "0" * 64)
    both = replace(ctx, data={**ctx.data, "transfer": unlabelled})
    facts = distill.run(teacher, changed(augment=Augment(rows=70)), both)
    assert facts["transfer"]["steps"] == 4  # 100 texts in batches of 32
    assert facts["augmented"]["texts"] == 70
    assert all(was != became for was, became in facts["augmented"]["examples"])
    assert json.dumps(facts)


def test_a_distillation_broken_among_changed_texts_ends_the_same(teacher, new_context, monkeypatch):
    settings = changed(augment=Augment(rows=70), checkpoint_every=1)
    whole, broken = new_context(teacher=teacher), new_context(teacher=teacher)
    distill.run(teacher, settings, whole)
    kept = loop.rate_factor

    def dies(step, *others):
        if step == 2:
            raise KeyboardInterrupt
        return kept(step, *others)

    monkeypatch.setattr(loop, "rate_factor", dies)
    with pytest.raises(KeyboardInterrupt):
        distill.run(teacher, settings, broken)
    monkeypatch.setattr(loop, "rate_factor", kept)
    distill.run(teacher, settings, broken)
    weights = "model.safetensors"
    assert (whole.out / weights).read_bytes() == (broken.out / weights).read_bytes()


def test_sentence_pairs_are_changed_and_matched_too(teacher, new_context):
    ctx = new_context(teacher=teacher)
    data = {
        role: replace(texts, texts=tuple(zip(texts.texts, reversed(texts.texts), strict=True)))
        for role, texts in ctx.data.items()
    }
    settings = changed(
        max_length=48,
        objective=Objective(labels=0.5, hidden=1.0, attention=1.0, relations=1.0),
        augment=Augment(rows=40),
    )
    facts = distill.run(teacher, settings, replace(ctx, data=data, pair_inputs=True))
    assert (facts["transfer"]["steps"], facts["steps"]) == (2, 10)
    assert all(" | " in line for line in facts["augmented"]["examples"][0])


def test_a_damaged_teacher_is_refused(teacher, new_artifact, new_context, tmp_path):
    save_model(load_model(teacher.path), tmp_path)
    copy_tokenizer(teacher.path, tmp_path, 48)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(IntegrityError, match=r"tokenizer.json"):
        distill.run(teacher, QUICK, new_context(teacher=new_artifact(tmp_path)))


def test_the_student_is_an_encoder_of_ours(teacher, new_context):
    ctx = new_context(teacher=teacher)
    distill.run(teacher, QUICK, ctx)
    assert isinstance(load_model(ctx.out), Encoder)
