"""A tiny teacher, tiny texts, and the context of a stage."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Make
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.data.tiny import make_tiny_bert, tiny_reviews
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.pruning import Kept, cut_widths
from edgecompress.recipe.learning import Finetune
from edgecompress.recipe.shrinking import Factorize, Vocabulary
from edgecompress.stages import factorize, finetune, vocabulary
from edgecompress.stages.context import StageContext

LABELS = ("negative", "positive")


def artifact(path: Path, kind: str = "torch-model") -> Artifact:
    """A folder as the store would hand it on."""
    return Artifact(kind, "0" * 64, "0" * 64, path, (), {})


def reviews(split: str, rows: int) -> TextSet:
    """The first rows of a split of the tiny reviews."""
    texts, labels = zip(*tiny_reviews(split)[:rows], strict=True)
    origins = tuple(f"{split}.csv:{row + 2}" for row in range(rows))
    digest = hashlib.sha256(f"{split}/{rows}".encode()).hexdigest()
    return TextSet(split, texts, np.array([LABELS.index(x) for x in labels]), origins, digest)


def context(place: Path, **changes: Any) -> StageContext:
    """A context with an empty `out`, few rows of training and validation, and one thread."""
    out, scratch = place / "out", place / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir()
    data = {"train": reviews("train", 300), "validation": reviews("validation", 100)}
    whole = StageContext(out, scratch, LABELS, data, seed=7, threads=1, progress=Silent())
    return replace(whole, **changes)


@pytest.fixture
def new_context(tmp_path: Path) -> Callable[..., StageContext]:
    """Gives contexts, each in a folder of its own."""
    made: list[StageContext] = []

    def make(**changes: Any) -> StageContext:
        made.append(context(tmp_path / f"stage-{len(made)}", **changes))
        return made[-1]

    return make


class Shelf:
    """Keeps folders by what was asked for, as a store does."""

    def __init__(self, place: Path) -> None:
        self.place, self.asked = place, list[Mapping[str, Any]]()

    def __call__(self, asked: Mapping[str, Any], make: Make) -> Path:
        """The folder, which is made once."""
        folder = self.place / hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        if not folder.exists():
            self.asked.append(asked)
            folder.mkdir(parents=True)
            make(folder, folder)
        return folder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """What several students of one teacher share."""
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def small_context(new_context: Callable[..., StageContext]) -> Callable[..., StageContext]:
    """Gives contexts with few rows, for what does not depend on their number."""

    def make(**changes: Any) -> StageContext:
        data = {"train": reviews("train", 96), "validation": reviews("validation", 32)}
        return new_context(data=data, **changes)

    return make


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A random BERT without a head, four layers of 64."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    make_tiny_bert(folder)
    return artifact(folder, "pretrained")


@pytest.fixture(scope="session")
def validation() -> TextSet:
    """All rows that a teacher is chosen by."""
    return reviews("validation", 300)


@pytest.fixture(scope="session")
def teacher(tiny_bert: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The tiny BERT after a fine-tuning of seconds; about nine in ten right."""
    ctx = context(
        tmp_path_factory.mktemp("teacher"),
        data={"train": reviews("train", 1200), "validation": reviews("validation", 300)},
    )
    settings = Finetune(epochs=3, learning_rate=1e-3, max_length=48, precision="fp32")
    finetune.run(tiny_bert, settings, ctx)
    return artifact(ctx.out)


@pytest.fixture
def new_artifact() -> Callable[[Path], Artifact]:
    """Gives the artifact of a folder."""
    return artifact


@pytest.fixture
def own_student(tiny_bert: Artifact, tmp_path: Path) -> Artifact:
    """An untrained classifier of our own class: one layer of 16 with two heads."""
    torch.manual_seed(3)
    config = EncoderConfig(
        vocab_size=221,  # of the tiny BERT's tokenizer
        hidden=16,
        heads=(2,),
        head_size=8,
        intermediate=(32,),
        labels=LABELS,
        max_positions=64,
    )
    folder = tmp_path / "own"
    folder.mkdir()
    save_model(Encoder(config), folder)
    copy_tokenizer(tiny_bert.path, folder, max_length=48)
    return artifact(folder)


@pytest.fixture(scope="session")
def compressed(teacher: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The teacher with fewer pieces and positions, unequal layers, and thin matrices.

    At rank 16 the attention of the last layer, of one head, would not get smaller: it stays whole.
    """
    place = tmp_path_factory.mktemp("compressed")
    cut, thin = context(place / "cut"), context(place / "thin")
    vocabulary.run(teacher, Vocabulary(kind="vocabulary", min_count=2), cut)
    sizes = ((4, 128), (2, 48), (3, 80), (1, 64))
    kept = [Kept(tuple(range(heads)), tuple(range(neurons))) for heads, neurons in sizes]
    (narrow := place / "narrow").mkdir()
    save_model(cut_widths(as_encoder(load_model(cut.out)), kept), narrow)
    copy_tokenizer(cut.out, narrow, max_length=48)
    ranks = {"embeddings": 32, "attention": 16, "feed_forward": 24, "multiple_of": 8}
    factorize.run(artifact(narrow), Factorize(kind="factorize", **ranks), thin)
    return artifact(thin.out)
