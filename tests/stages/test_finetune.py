import json

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification

from edgecompress.core.errors import StageError
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Finetune
from edgecompress.stages import finetune

QUICK = Finetune(epochs=1, learning_rate=1e-3, max_length=32, precision="fp32")


def test_gives_a_classifier_that_hugging_face_loads(tiny_bert, new_context):
    ctx = new_context()
    facts = finetune.run(tiny_bert, QUICK, ctx)
    model = AutoModelForSequenceClassification.from_pretrained(ctx.out, local_files_only=True)
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert facts["params"] == sum(weight.numel() for weight in model.parameters())
    assert (facts["epochs"], facts["steps"], facts["precision"]) == (1, 10, "fp32")
    assert json.dumps(facts)


def test_learns_the_tiny_reviews(teacher, validation):
    picked = TorchPredictor(teacher.path).logits(validation.texts).argmax(axis=1)
    assert (picked == validation.labels).mean() > 0.85


def test_the_best_validation_is_that_of_the_saved_files(tiny_bert, new_context):
    ctx = new_context()
    facts = finetune.run(tiny_bert, QUICK, ctx)
    validation = ctx.data["validation"]
    picked = TorchPredictor(ctx.out).logits(validation.texts).argmax(axis=1)
    assert facts["best_validation"] == pytest.approx(np.mean(picked == validation.labels))


def test_the_length_in_force_travels_with_the_tokenizer(tiny_bert, new_context):
    ctx = new_context()
    facts = finetune.run(tiny_bert, QUICK.model_copy(update={"max_length": 8}), ctx)
    settings = json.loads((ctx.out / "tokenizer_config.json").read_text())
    assert settings["model_max_length"] == 8
    assert facts["truncated_share"] > 0.5


def test_same_seed_same_files(tiny_bert, new_context):
    one, two = new_context(), new_context()
    for ctx in (one, two):
        finetune.run(tiny_bert, QUICK, ctx)
    names = sorted(path.name for path in one.out.iterdir())
    assert names == sorted(path.name for path in two.out.iterdir())
    assert all((one.out / name).read_bytes() == (two.out / name).read_bytes() for name in names)


def test_goes_on_from_a_classifier_of_our_own_class(tiny_bert, new_context, own_student):
    ctx = new_context()
    finetune.run(own_student, QUICK, ctx)
    assert json.loads((ctx.out / "config.json").read_text())["model_type"] == "edgecompress-encoder"


def test_more_tokens_than_the_model_has_positions_are_refused_with_both(tiny_bert, new_context):
    long = QUICK.model_copy(update={"max_length": 200})
    with pytest.raises(StageError, match="200 tokens were asked for, .* positions for 128"):
        finetune.run(tiny_bert, long, new_context())
