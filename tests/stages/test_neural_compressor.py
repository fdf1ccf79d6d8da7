"""The stage with a worker that brings a finished graph; slowly, with neural-compressor itself."""

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import onnx
import pytest

from edgecompress.core.errors import StageError
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.runtime.model import EdgeModel
from edgecompress.stages import export, neural_compressor, quantize
from tests.fakes import Listener

BRINGS = """
import shutil, sys
print(flush=True)
shutil.copytree({source!r}, sys.argv[1], dirs_exist_ok=True)
"""
FAILS = "import sys; print('so it goes'); sys.exit('no such operator: erf')"


def asking(**values) -> NeuralCompressor:
    return NeuralCompressor(kind="neural-compressor", **values)


@pytest.fixture
def calibration(validation):
    return replace(
        validation,
        texts=validation.texts[:60],
        labels=validation.labels[:60],
        origins=validation.origins[:60],
    )


@pytest.fixture
def brought(teacher, new_context, calibration, tmp_path, monkeypatch):
    """What a worker leaves, made by our own static quantizer; returns the folder."""
    floating, small = new_context(data={}), new_context(data={"calibration": calibration})
    export.run(teacher, Export(kind="export", attention="unfused"), floating)
    made = replace(teacher, path=floating.out, kind="onnx-model")
    settings = Quantize(kind="quantize", scheme="static", embeddings=False)
    quantize.run(made, settings, small)
    (source := tmp_path / "brought").mkdir()
    (small.out / "model.onnx").rename(source / "model.onnx")
    before, after = (
        EdgeModel(floating.out, graph).logits(calibration.texts)
        for graph in (floating.out / "model.onnx", source / "model.onnx")
    )
    np.savez(source / "answers.npz", floats=before, integers=after)
    (source / "told.json").write_text(json.dumps({"ranges": "minmax", "symmetric": False}))
    run_instead(monkeypatch, BRINGS.format(source=str(source)))
    return source


def run_instead(monkeypatch, program: str) -> None:
    monkeypatch.setattr(neural_compressor, "WORKER", (sys.executable, "-c", program))


def test_what_the_worker_brings_is_proved_and_made_smaller(
    brought, teacher, new_context, calibration
):
    ctx = new_context(data={"calibration": calibration})
    facts = neural_compressor.run(teacher, asking(), ctx)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["weights"].keys() == {"int8"}
    saved = (brought / "model.onnx").stat().st_size - facts["bytes"]
    assert saved > 3 * (221 + 128) * 64  # of four bytes of each number of the tables
    assert facts["flips_of_export"] == 0
    assert facts["flips"] <= 1
    assert {path.name for path in ctx.out.iterdir()} == {
        *("config.json", "model.onnx"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    }
    assert EdgeModel.load(ctx.out, verify=False).predict(["a dull film"])[0]["label"] == "negative"
    assert [path.name for path in ctx.scratch.iterdir()] == ["neural-compressor.log"]


def test_tables_may_stay_floating(brought, teacher, new_context, calibration):
    ctx = new_context(data={"calibration": calibration})
    facts = neural_compressor.run(teacher, asking(embeddings=False), ctx)
    assert facts["weights"]["float"] == (221 + 128) * 64  # words and positions of the tiny BERT


def test_a_graph_that_decides_otherwise_than_its_network_is_refused(
    brought, teacher, new_context, calibration
):
    with np.load(brought / "answers.npz") as answers:
        turned = answers["integers"][:, ::-1]
    np.savez(brought / "answers.npz", floats=turned, integers=turned)
    with pytest.raises(StageError, match="decides 60 of 60 texts otherwise"):
        neural_compressor.run(teacher, asking(), new_context(data={"calibration": calibration}))


def test_a_search_that_finds_nothing_close_enough_is_told(
    brought, teacher, new_context, calibration
):
    told = {"ranges": "kl", "symmetric": True, "trials": [0.9, 0.95]}
    (brought / "told.json").write_text(json.dumps(told))
    heard = Listener()
    ctx = new_context(data={"calibration": calibration}, progress=heard)
    facts = neural_compressor.run(teacher, asking(mode="autotune", flips_at_most=0.02), ctx)
    assert facts["trials"] == [0.9, 0.95]
    assert "0.0500 of the decisions flip in the best of 2 trials" in heard.warnings[0]


def test_a_worker_that_fails_is_quoted(teacher, new_context, calibration, monkeypatch):
    run_instead(monkeypatch, FAILS)
    ctx = new_context(data={"calibration": calibration})
    with pytest.raises(StageError, match="ended with code 1: no such operator: erf; all it said"):
        neural_compressor.run(teacher, asking(), ctx)


def test_no_worker_is_left_behind(teacher, new_context, calibration, monkeypatch):
    run_instead(monkeypatch, "import time\nprint(flush=True)\ntime.sleep(600)")

    class Impatient(Listener):
        def advance(self, amount: float = 1, note: str = "") -> None:
            raise KeyboardInterrupt

    ctx = new_context(data={"calibration": calibration}, progress=Impatient())
    with pytest.raises(KeyboardInterrupt):  # at once, though the worker would sleep
        neural_compressor.run(teacher, asking(), ctx)


def test_no_texts_to_calibrate_on_are_refused(teacher, new_context, calibration):
    empty = replace(calibration, texts=(), labels=np.array([]), origins=())
    with pytest.raises(StageError, match=r"data\.calibration has no rows"):
        neural_compressor.run(teacher, asking(), new_context(data={"calibration": empty}))


def test_smoothing_is_refused_with_the_reason(teacher, new_context, calibration):
    with pytest.raises(StageError, match="imports intel_extension_for_pytorch, whose last"):
        neural_compressor.run(
            teacher, asking(mode="smooth"), new_context(data={"calibration": calibration})
        )


real = pytest.mark.skipif(find_spec("neural_compressor") is None, reason="needs the extra `inc`")


@real
@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{}, {"ranges": "kl"}, {"mode": "autotune", "trials": 2}],
    ids=["minmax", "kl", "autotune"],
)
def test_neural_compressor_decides_as_the_network(settings, teacher, new_context, calibration):
    ctx = new_context(data={"calibration": calibration})
    facts = neural_compressor.run(teacher, asking(**settings), ctx)
    assert facts["flips_of_export"] == 0
    assert facts["flips"] <= 2  # of 60; none was seen
    assert facts["operators"]["QuantizeLinear"] == 18  # four a layer, and two in the head
    inputs = [i.name for i in onnx.load(ctx.out / "model.onnx").graph.input]
    assert inputs == ["input_ids", "attention_mask"]
    model, theirs = EdgeModel.load(ctx.out, verify=False), TorchPredictor(teacher.path)
    lengths = ["good", calibration.texts[0], " ".join(calibration.texts[:9])]  # 3 to 48 tokens
    assert np.isfinite(model.logits(lengths)).all()
    alone, batched = model.logits(calibration.texts), model.logits_in_batches(calibration.texts, 8)
    assert (alone.argmax(axis=1) == batched.argmax(axis=1)).all()
    decided = theirs.logits(calibration.texts).argmax(axis=1)
    assert (alone.argmax(axis=1) != decided).sum() == facts["flips"]


@real
@pytest.mark.slow
def test_the_same_texts_give_the_same_bytes_and_pairs_keep_their_types(
    compressed, new_context, calibration
):
    pairs = replace(calibration, texts=tuple(pairwise((*calibration.texts, "the end"))))
    files = []
    for _ in range(2):
        ctx = new_context(data={"calibration": pairs}, pair_inputs=True)
        neural_compressor.run(compressed, asking(), ctx)
        files.append((ctx.out / "model.onnx").read_bytes())
    assert files[0] == files[1]
    assert b"token_type_ids" in files[0]
    assert b"/tmp" not in files[0]
