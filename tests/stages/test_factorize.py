import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import StageError
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.shrinking import Factorize
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages import factorize
from edgecompress.stages.context import StageContext

NewContext = Callable[..., StageContext]


def settings(**changes: Any) -> Factorize:
    return Factorize(kind="factorize", multiple_of=8, **changes)


def test_a_hugging_face_model_becomes_a_thinner_one_of_ours(
    teacher: Artifact, new_context: NewContext, validation: TextSet
) -> None:
    ctx = new_context()
    facts = factorize.run(teacher, settings(embeddings=24, attention=0.9, feed_forward=24), ctx)
    assert json.loads(json.dumps(facts)) == facts
    thin = as_encoder(load_model(ctx.out))
    assert thin.config.embedding_rank == facts["matrices"]["embeddings.word"]["rank"] == 24
    assert thin.config.rank(3, "down") == 24
    assert facts["params"] == thin.params < facts["params_before"]
    assert facts["params_before"] == load_model(teacher.path).params
    ours, theirs = TorchPredictor(ctx.out), TorchPredictor(teacher.path)
    texts = validation.texts
    agree = ours.logits(texts).argmax(axis=1) == theirs.logits(texts).argmax(axis=1)
    assert agree.mean() > 0.8  # seen: 0.97


def test_frequent_pieces_are_met_closer_than_without_counting(
    teacher: Artifact, new_context: NewContext
) -> None:
    facts = {
        how: factorize.run(teacher, settings(embeddings=16, weighting=how), new_context())
        for how in ("frequency", "plain")
    }
    found = {how: f["matrices"]["embeddings.word"] for how, f in facts.items()}
    assert found["frequency"]["weighted_error"] < found["frequency"]["error"]
    assert found["frequency"]["error"] > found["plain"]["error"]
    assert found["plain"]["error"] == found["plain"]["weighted_error"]


def test_transfer_texts_count_too(teacher: Artifact, new_context: NewContext) -> None:
    data = new_context().data
    alone = factorize.run(teacher, settings(embeddings=16), new_context())
    more = replace(data["validation"], name="transfer")
    ctx = new_context(data={**data, "transfer": more})
    assert factorize.run(teacher, settings(embeddings=16), ctx) != alone


def test_the_tokenizer_comes_along(teacher: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    factorize.run(teacher, settings(embeddings=16), ctx)
    before, after = TextEncoder(teacher.path), TextEncoder(ctx.out)
    assert after.max_length == before.max_length == 48
    pair = ("a dull film", "a boring drama")
    assert after.encode([pair]) == before.encode([pair])


def test_what_stays_whole_is_named(teacher: Artifact, new_context: NewContext) -> None:
    # 64 x 64 breaks even at rank 32, 64 x 128 at 42.7
    facts = factorize.run(teacher, settings(attention=32, feed_forward=32), new_context())
    assert len(facts["left_as_they_were"]) == 4 * 4
    assert "layers.0.attention.query" in facts["left_as_they_were"]


def test_a_split_that_saves_nothing_is_refused(teacher: Artifact, new_context: NewContext) -> None:
    with pytest.raises(StageError, match=r"no matrix gets smaller \(embeddings\.word at rank 64"):
        factorize.run(teacher, settings(embeddings=60), new_context())


def test_frequency_needs_texts(teacher: Artifact, new_context: NewContext) -> None:
    with pytest.raises(StageError, match=r"counts pieces in data\.train"):
        factorize.run(teacher, settings(embeddings=16), new_context(data={}))
    factorize.run(teacher, settings(embeddings=16, weighting="plain"), new_context(data={}))
    factorize.run(teacher, settings(attention=8), new_context(data={}))


def test_the_same_input_gives_the_same_bytes(teacher: Artifact, new_context: NewContext) -> None:
    first, second = new_context(), new_context()
    for ctx in (first, second):
        factorize.run(teacher, settings(embeddings=16, feed_forward=0.8), ctx)
    for path in first.out.iterdir():
        assert path.read_bytes() == (second.out / path.name).read_bytes()


def test_pairs_are_answered(teacher: Artifact, new_context: NewContext) -> None:
    ctx = new_context(pair_inputs=True)
    ctx = replace(ctx, data={"train": _paired(ctx.data["train"])})
    factorize.run(teacher, settings(embeddings=48), ctx)
    pairs = [("a dull film", "a boring drama"), ("the cast", "is warm and witty")]
    difference = TorchPredictor(ctx.out).logits(pairs) - TorchPredictor(teacher.path).logits(pairs)
    assert np.abs(difference).max() < 1


def _paired(texts: TextSet) -> TextSet:
    return replace(texts, texts=tuple((str(text), "the film") for text in texts.texts))
