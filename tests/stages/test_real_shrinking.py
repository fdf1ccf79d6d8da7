"""Real weights and real texts: a MiniLM cut, narrowed and split until it weighs three megabytes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.data.readers import read_file
from edgecompress.data.resources import Resources
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_model,
    load_pretrained,
    save_model,
)
from edgecompress.models.encoder import take_layers
from edgecompress.models.predictor import TorchPredictor
from edgecompress.models.pruning import Kept, cut_widths
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.recipe.shrinking import Factorize, Vocabulary
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages import export, factorize, quantize, vocabulary
from edgecompress.stages.context import StageContext
from edgecompress.workflow.places import cache_folder

pytestmark = pytest.mark.slow

NewContext = Callable[..., StageContext]
KEPT = Kept(heads=tuple(range(6)), neurons=tuple(range(384)))


@pytest.fixture(scope="module")
def reviews() -> TextSet:
    folder = Resources(cache_folder(), Silent()).folder("rotten-tomatoes")
    texts = tuple(read_file(folder / "train.jsonl", "train").column("text"))
    origins = tuple(f"train.jsonl:{row + 1}" for row in range(len(texts)))
    return TextSet("train", texts, np.zeros(len(texts), np.int64), origins, "0" * 64)


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real encoder under a head that knows nothing, reading 64 tokens."""
    origin = Resources(cache_folder(), Silent()).folder("minilm-l6")
    folder = tmp_path_factory.mktemp("minilm")
    save_model(load_pretrained(origin, ("negative", "positive"), seed=1), folder)
    copy_tokenizer(origin, folder, max_length=64)
    return folder


def test_texts_of_kept_pieces_are_answered_as_before(
    minilm: Path, reviews: TextSet, new_context: NewContext, new_artifact: Any
) -> None:
    ctx = new_context(data={"train": reviews})
    settings = Vocabulary(kind="vocabulary", pieces=10_000)
    facts = vocabulary.run(new_artifact(minilm), settings, ctx)
    assert (facts["kept"], facts["of"], facts["positions"]) == (10_000, 30_522, 64)
    assert facts["kept_share_of_tokens"] > 0.97  # seen: 0.975
    texts = reviews.texts[:200]
    before, after = TorchPredictor(minilm).logits(texts), TorchPredictor(ctx.out).logits(texts)
    same = [_pieces(minilm, text) == _pieces(ctx.out, text) for text in texts]
    assert 50 < sum(same) < 200  # seen: 116; the rest holds a word that is now spelt
    assert np.abs(before - after)[same].max() < 1e-6


def test_a_student_of_three_layers_weighs_three_megabytes(
    minilm: Path, reviews: TextSet, new_context: NewContext, new_artifact: Any, tmp_path: Path
) -> None:
    student = take_layers(as_encoder(load_model(minilm)), (0, 2, 4))
    save_model(cut_widths(student, [KEPT] * 3), tmp_path)
    copy_tokenizer(minilm, tmp_path, max_length=64)
    made = new_artifact(tmp_path)
    chain = (
        (vocabulary, Vocabulary(kind="vocabulary", pieces=10_000)),
        (factorize, Factorize(kind="factorize", embeddings=96)),
        (export, Export(kind="export")),
        (quantize, Quantize(kind="quantize")),
    )
    found = {}
    for stage, settings in chain:
        ctx = new_context(data={"train": reviews, "calibration": _first(reviews, 200)})
        found[settings.kind] = stage.run(made, settings, ctx)
        made = Artifact("any", "", "", ctx.out, (), {})
    table = found["factorize"]["matrices"]["embeddings.word"]
    assert table["weighted_error"] < 0.6 < table["error"]  # seen: 0.55 and 0.72
    assert found["export"]["operators"]["Attention"] == 3
    assert found["quantize"]["weights"].keys() == {"int8"}
    assert found["quantize"]["bytes"] < 3_050_000  # seen: 3,008,877
    assert np.isfinite(EdgeModel.load(made.path, verify=False).logits(reviews.texts[:20])).all()


def _pieces(folder: Path, text: Any) -> list[str]:
    reads = TextEncoder(folder)
    names = {number: piece for piece, number in reads.vocabulary.items()}
    return [names[number] for number in reads.encode([text])[0].ids]


def _first(texts: TextSet, rows: int) -> TextSet:
    cut = {"texts": texts.texts[:rows], "labels": texts.labels[:rows]}
    return replace(texts, name="calibration", origins=texts.origins[:rows], **cut)
