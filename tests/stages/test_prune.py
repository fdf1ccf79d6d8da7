import json
from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.errors import StageError
from edgecompress.core.texts import UNLABELLED
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.shrinking import Prune
from edgecompress.stages import prune
from edgecompress.training.sparsity import sparsity_of

QUICK = {
    "kind": "prune",
    "epochs": 1,
    "learning_rate": 1e-3,
    "max_length": 48,
    "precision": "fp32",
    "scoring_rows": 64,
}


def asking(**values) -> Prune:
    return Prune(**{**QUICK, **values})


def agreement(one, other, texts) -> float:
    ours, theirs = (TorchPredictor(path).logits(texts).argmax(axis=1) for path in (one, other))
    return float((ours == theirs).mean())


def test_sizes_are_those_asked_for_and_the_student_answers_as_its_teacher(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = prune.run(teacher, asking(heads=2, intermediate=0.5, layers=3, epochs=2), ctx)
    config = load_model(ctx.out).config
    assert (config.heads, config.intermediate) == ((2,) * 3, (64,) * 3)
    assert (facts["heads"], facts["layers_kept"]) == ([2] * 3, [0, 1, 2])
    assert agreement(ctx.out, teacher.path, ctx.data["validation"].texts) > 0.85
    assert facts["params"] == TorchPredictor(ctx.out).params
    assert json.dumps(facts)


def test_it_works_without_any_training(teacher, new_context):
    ctx = new_context(teacher=teacher)
    facts = prune.run(teacher, asking(heads=2, intermediate=0.5, epochs=0), ctx)
    assert facts["heads"] == [2] * 4
    assert "steps" not in facts
    assert agreement(ctx.out, teacher.path, ctx.data["validation"].texts) > 0.85
