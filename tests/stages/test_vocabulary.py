import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import StageError
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import load_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.shrinking import Vocabulary
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages import vocabulary
from edgecompress.stages.context import StageContext

NewContext = Callable[..., StageContext]


def settings(**changes: Any) -> Vocabulary:
    return Vocabulary(kind="vocabulary", **changes)


def few(ctx: StageContext, rows: int) -> StageContext:
    """A context that has read less, so that some words were never seen."""
    train = ctx.data["train"]
    return replace(ctx, data={**ctx.data, "train": replace(train, texts=train.texts[:rows])})


def test_texts_it_was_cut_for_are_answered_as_before(
    teacher: Artifact, new_context: NewContext
) -> None:
    ctx = few(new_context(), 40)
    facts = vocabulary.run(teacher, settings(), ctx)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["texts_read_otherwise"] == 0
    assert facts["kept_share_of_tokens"] == 1
    assert facts["kept"] == TextEncoder(ctx.out).vocab_size < facts["of"] == 221
    texts = [*ctx.data["train"].texts, ("a film", "the film")]
    expected = TorchPredictor(teacher.path).logits(texts)
    assert np.abs(TorchPredictor(ctx.out).logits(texts) - expected).max() < 1e-6


def test_the_facts_tell_what_rare_pieces_cost(teacher: Artifact, new_context: NewContext) -> None:
    facts = vocabulary.run(teacher, settings(min_count=3), few(new_context(), 100))
    assert 0.5 < facts["kept_share_of_tokens"] < 1
    assert 0 < facts["texts_read_otherwise"] < facts["texts"] == 100
    assert facts["params"] < facts["params_before"] == load_model(teacher.path).params


def test_positions_end_at_the_length_in_force(teacher: Artifact, new_context: NewContext) -> None:
    short, whole = new_context(), new_context()
    assert vocabulary.run(teacher, settings(), short)["positions"] == 48
    assert vocabulary.run(teacher, settings(positions=False), whole)["positions"] == 128
    assert load_model(short.out).max_tokens == TextEncoder(short.out).max_length == 48
    long = ["dull " * 200]
    np.testing.assert_allclose(
        TorchPredictor(short.out).logits(long), TorchPredictor(whole.out).logits(long), atol=1e-6
    )


def test_words_of_transfer_texts_stay(teacher: Artifact, new_context: NewContext) -> None:
    ctx = few(new_context(), 5)
    less = vocabulary.run(teacher, settings(), ctx)
    more = few(new_context(), 5)
    transfer = replace(ctx.data["validation"], name="transfer")
    found = vocabulary.run(
        teacher, settings(), replace(more, data={**more.data, "transfer": transfer})
    )
    assert found["kept"] > less["kept"]


def test_unseen_words_and_pairs_are_answered_too(
    teacher: Artifact, new_context: NewContext, validation: TextSet
) -> None:
    ctx = few(new_context(), 5)
    vocabulary.run(teacher, settings(), ctx)
    texts = [*validation.texts, *zip(validation.texts, reversed(validation.texts), strict=True)]
    assert np.isfinite(TorchPredictor(ctx.out).logits(texts)).all()


def test_a_cut_model_can_be_cut_again(teacher: Artifact, new_context: NewContext) -> None:
    first, second = new_context(), few(new_context(), 10)
    before = vocabulary.run(teacher, settings(), first)
    facts = vocabulary.run(replace(teacher, path=first.out), settings(), second)
    assert facts["of"] == before["kept"] > facts["kept"]
    texts = second.data["train"].texts
    expected = TorchPredictor(teacher.path).logits(texts)
    assert np.abs(TorchPredictor(second.out).logits(texts) - expected).max() < 1e-6


def test_a_cut_that_takes_nothing_is_refused(teacher: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    vocabulary.run(teacher, settings(), ctx)
    with pytest.raises(StageError, match="pieces are used and no position is idle"):
        vocabulary.run(replace(teacher, path=ctx.out), settings(), new_context())


def test_the_same_input_gives_the_same_bytes(teacher: Artifact, new_context: NewContext) -> None:
    first, second = new_context(), new_context()
    for ctx in (first, second):
        vocabulary.run(teacher, settings(pieces=150), ctx)
    for path in first.out.iterdir():
        assert path.read_bytes() == (second.out / path.name).read_bytes()
