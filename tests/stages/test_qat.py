import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from edgecompress.core.errors import StageError
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_model,
    save_model,
)
from edgecompress.models.encoder import Encoder
from edgecompress.models.fake_quant import RoundedEncoder
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Qat
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.runtime.model import EdgeModel
from edgecompress.stages import export, qat, quantize
from tests.fakes import Listener

WEIGHTS = "model.safetensors"
QUICK = Qat(kind="qat", epochs=1, learning_rate=3e-4, max_length=48)
LOUD = 3000.0  # of two channels of each layer's values: the others fall below one step of int8


def changed(**values) -> Qat:
    return QUICK.model_copy(update=values)


@pytest.fixture
def spoiled(teacher, new_artifact, tmp_path):
    """The teacher, equal in floats, with a few channels so loud that 8 bits hear nothing else."""
    encoder = as_encoder(load_model(teacher.path))
    loud = torch.tensor([32, 48])
    with torch.no_grad():
        for layer in encoder.layers:
            layer.attention.value.weight[loud] *= LOUD
            layer.attention.value.bias[loud] *= LOUD
            layer.attention.out.weight[:, loud] /= LOUD
    folder = tmp_path / "spoiled"
    folder.mkdir()
    save_model(encoder, folder)
    copy_tokenizer(teacher.path, folder, max_length=48)
    return new_artifact(folder)


def logits_in_8_bits(model, new_context, texts) -> np.ndarray:
    """What the exported and quantized graph gives, [texts, labels]."""
    floating, small = new_context(data={}), new_context(data={})
    export.run(model, Export(kind="export"), floating)
    made = replace(model, path=floating.out, kind="onnx-model")
    quantize.run(made, Quantize(kind="quantize"), small)
    return EdgeModel.load(small.out, verify=False).logits(texts)


def in_8_bits(model, new_context, texts) -> np.ndarray:
    """Labels that the exported and quantized graph gives."""
    return logits_in_8_bits(model, new_context, texts).argmax(axis=1)


def test_a_student_that_8_bits_break_is_mended(
    teacher, spoiled, new_context, new_artifact, validation
):
    theirs = TorchPredictor(teacher.path).logits(validation.texts).argmax(axis=1)
    before = in_8_bits(spoiled, new_context, validation.texts)
    assert (before == theirs).mean() < 0.6  # all texts get one label: 0.53 was seen

    ctx = new_context(teacher=teacher)
    facts = qat.run(spoiled, changed(epochs=3), ctx)
    after = in_8_bits(new_artifact(ctx.out), new_context, validation.texts)
    assert (after == theirs).mean() > 0.85  # 0.94 was seen
    assert facts["agreement_before"]["float"] == 1.0
    assert facts["agreement_before"]["int8"] < 0.6 < 0.85 < facts["agreement"]["int8"]
    assert json.dumps(facts)


def test_what_was_rehearsed_is_what_the_8_bit_graph_answers(
    teacher, new_context, new_artifact, validation
):
    ctx = new_context(teacher=teacher, data={"train": validation, "validation": validation})
    facts = qat.run(teacher, QUICK, ctx)
    theirs = TorchPredictor(teacher.path).logits(validation.texts)
    shipped = logits_in_8_bits(new_artifact(ctx.out), new_context, validation.texts)
    alike = (shipped.argmax(axis=1) == theirs.argmax(axis=1)).mean()
    assert alike == pytest.approx(facts["agreement"]["int8"], abs=0.004)
    loyalty = probability_loyalty(shipped, theirs).mean()
    assert loyalty == pytest.approx(facts["best_validation"], abs=0.002)


def test_the_result_is_an_ordinary_encoder_of_floats(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = qat.run(teacher, QUICK, ctx)
    student = load_model(ctx.out)
    assert type(student) is Encoder
    assert facts["params"] == student.params == TorchPredictor(teacher.path).params


@pytest.mark.parametrize(
    ("scheme", "part"), [("static", "logits"), ("dynamic", "hidden"), ("static", "relations")]
)
def test_every_part_of_an_objective_teaches(scheme, part, teacher, small_context):
    objective = Objective(**{"logits": 0.0, part: 1.0})
    ctx = small_context(teacher=teacher)
    facts = qat.run(teacher, changed(scheme=scheme, objective=objective), ctx)
    assert facts["steps"] == 3
    before = Encoder.from_pretrained(load_model(teacher.path).network).state_dict()
    assert not torch.equal(
        load_model(ctx.out).state_dict()["layers.0.up.weight"], before["layers.0.up.weight"]
    )


def test_a_compressed_student_learns_on(teacher, compressed, small_context):
    facts = qat.run(compressed, QUICK, small_context(teacher=teacher))
    assert facts["agreement"]["int8"] > 0.6


def test_sentence_pairs_are_learnt_too(teacher, small_context):
    ctx = small_context(teacher=teacher)
    data = {
        role: replace(texts, texts=tuple(pairwise((*texts.texts, texts.texts[0]))))
        for role, texts in ctx.data.items()
    }
    facts = qat.run(teacher, QUICK, replace(ctx, data=data, pair_inputs=True))
    assert facts["agreement"]["int8"] > 0.6


def test_without_validation_rows_nothing_is_said_of_agreement(teacher, small_context):
    ctx = small_context(teacher=teacher)
    facts = qat.run(teacher, QUICK, replace(ctx, data={"train": ctx.data["train"]}))
    assert (facts["agreement"], facts["agreement_before"]) == ({}, {})


def test_a_training_that_harms_is_told(teacher, small_context):
    heard = Listener()
    qat.run(teacher, changed(learning_rate=0.3), small_context(teacher=teacher, progress=heard))
    assert "qat: agrees with its teacher less than before" in heard.warnings[0]


class Killed(BaseException):
    """What nothing may catch."""


def test_a_run_killed_again_and_again_ends_with_the_bytes_of_an_unbroken_one(
    teacher, small_context, monkeypatch
):
    settings = changed(epochs=3, checkpoint_every=2)  # 9 steps
    whole, broken = small_context(teacher=teacher), small_context(teacher=teacher)
    qat.run(teacher, settings, whole)
    plain = RoundedEncoder.forward
    for calls in (9, 5, 3):  # of the forward pass: at the look before training, and while it learns
        left = [calls]

        def dies(model, *inputs, left=left, **asked):
            left[0] -= 1
            if not left[0]:
                torch.rand(5)  # a new process stands elsewhere
                raise Killed
            return plain(model, *inputs, **asked)

        monkeypatch.setattr(RoundedEncoder, "forward", dies)
        with pytest.raises(Killed):
            qat.run(teacher, settings, broken)
    monkeypatch.setattr(RoundedEncoder, "forward", plain)
    qat.run(teacher, settings, broken)
    assert (whole.out / WEIGHTS).read_bytes() == (broken.out / WEIGHTS).read_bytes()


def test_an_objective_without_parts_is_refused(teacher, small_context):
    settings = changed(objective=Objective(logits=0.0))
    with pytest.raises(StageError, match="every part has weight 0"):
        qat.run(teacher, settings, small_context(teacher=teacher))
