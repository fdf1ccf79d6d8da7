"""A torch model as a graph for attackers."""

from pathlib import Path

import numpy as np
import pytest
from transformers import MPNetConfig, MPNetForSequenceClassification

from edgecompress.attacks import graph
from edgecompress.core.progress import Silent
from edgecompress.data.resources import Resources
from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, save_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.runtime.model import EdgeModel

TEXTS = ("the film is not boring", "a warm and funny drama", "dull")
PAIRS = (("the film", "is boring"), ("a drama", "a film"))


@pytest.fixture(scope="module")
def teacher(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    save_model(load_pretrained(minilm, ("no", "yes"), seed=7), folder)
    copy_tokenizer(minilm, folder, 32)
    return folder


@pytest.mark.parametrize("texts", [TEXTS, PAIRS], ids=["single", "pairs"])
def test_the_graph_answers_as_its_model(teacher: Path, tmp_path: Path, texts):
    graph.write_graph(teacher, texts, tmp_path)
    assert graph.stands_in(tmp_path)
    model = EdgeModel.load(tmp_path, verify=False)
    np.testing.assert_allclose(
        model.logits(texts), TorchPredictor(teacher).logits(texts), atol=1e-5
    )
    assert (model.labels, model.max_length) == (("no", "yes"), 32)


def test_a_graph_that_decides_otherwise_does_not_stand_in(
    teacher: Path, tmp_path: Path, monkeypatch
):
    answers = EdgeModel.logits
    monkeypatch.setattr(EdgeModel, "logits", lambda self, texts: -answers(self, texts))
    graph.write_graph(teacher, TEXTS, tmp_path)
    assert not graph.stands_in(tmp_path)


def test_a_model_that_has_no_graph_of_ours_is_attacked_as_it_is(minilm: Path, tmp_path: Path):
    vocabulary = Resources(tmp_path / "cache", Silent(), offline=True).folder("tiny-bert")
    config = MPNetConfig(
        vocab_size=2000, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, num_labels=2
    )
    MPNetForSequenceClassification(config).save_pretrained(tmp_path / "mpnet")
    copy_tokenizer(vocabulary, tmp_path / "mpnet", 32)
    (tmp_path / "out").mkdir()
    graph.write_graph(tmp_path / "mpnet", TEXTS, tmp_path / "out")
    assert not graph.stands_in(tmp_path / "out")
