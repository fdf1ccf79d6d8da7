import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.runtime.model import EdgeModel
from edgecompress.stages import export, quantize
from edgecompress.stages.context import StageContext

NewContext = Callable[..., StageContext]


def settings(**changes: Any) -> Quantize:
    return Quantize(kind="quantize", **changes)


def exported(teacher: Artifact, place: Path, attention: str) -> Artifact:
    (out := place / "out").mkdir()
    labels = ("negative", "positive")
    ctx = StageContext(out, place, labels, {}, seed=7, threads=1, progress=Silent())
    export.run(teacher, Export(kind="export", attention=attention), ctx)
    return replace(teacher, path=out, kind="onnx-model")


@pytest.fixture(scope="session")
def fused(teacher: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The fine-tuned tiny BERT with one operator for each attention."""
    return exported(teacher, tmp_path_factory.mktemp("fused"), "fused")


@pytest.fixture(scope="session")
def unfused(teacher: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The same in standard operators."""
    return exported(teacher, tmp_path_factory.mktemp("unfused"), "unfused")


@pytest.fixture
def calibration(validation: TextSet) -> dict[str, TextSet]:
    return {"calibration": validation}


def accuracy(folder: Path, rows: TextSet) -> float:
    logits = EdgeModel.load(folder, verify=False).logits(rows.texts)
    return float((logits.argmax(axis=1) == rows.labels).mean())


def test_dynamic_shrinks_and_still_decides_alike(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet]
) -> None:
    ctx = new_context(data=calibration)
    facts = quantize.run(fused, settings(), ctx)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["bytes"] == (ctx.out / "model.onnx").stat().st_size
    assert facts["bytes"] < 0.4 * facts["bytes_before"]  # of so small a model, names are a part
    assert facts["operators"]["QAttention"] == 4
    assert "Attention" not in facts["operators"]
    assert "MatMul" not in facts["operators"]
    assert facts["texts_compared"] == 300
    assert facts["flips"] <= 3  # none was seen; 1 % is left for CPUs that round otherwise
    assert facts["logits_max_abs"] > 0


def test_every_matrix_is_stored_in_8_bits(fused: Artifact, new_context: NewContext) -> None:
    facts = quantize.run(fused, settings(), new_context())
    assert facts["weights"].keys() == {"int8"}
    assert "flips" not in facts  # nothing to compare on


def test_embeddings_may_stay_floating(fused: Artifact, new_context: NewContext) -> None:
    facts = quantize.run(fused, settings(embeddings=False), new_context())
    assert facts["weights"]["float"] == (221 + 128) * 64  # words and positions of the tiny BERT


def test_reduced_range_leaves_a_bit_unused(fused: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    quantize.run(fused, settings(reduce_range=True), ctx)
    weights = onnx.load(ctx.out / "model.onnx").graph.initializer
    products = [
        onnx.numpy_helper.to_array(w)
        for w in weights
        if w.data_type == onnx.TensorProto.INT8 and len(w.dims) == 2 and "embeddings" not in w.name
    ]
    assert len(products) == 4 * 4 + 2  # four matrices a layer, and two of the head
    assert all(np.abs(weight.astype(int)).max() <= 64 for weight in products)


def test_static_answers_do_not_depend_on_the_batch(
    unfused: Artifact, new_context: NewContext, calibration: dict[str, TextSet]
) -> None:
    ctx = new_context(data=calibration)
    facts = quantize.run(unfused, settings(scheme="static"), ctx)
    assert facts["weights"].keys() == {"int8"}
    assert facts["flips"] <= 3  # none was seen
    model = EdgeModel.load(ctx.out, verify=False)
    texts = calibration["calibration"].texts[:40]
    alone, batched = model.logits(texts), model.logits_in_batches(texts, 8)
    assert (alone.argmax(axis=1) == batched.argmax(axis=1)).all()


@pytest.mark.parametrize(
    ("attention", "scheme"), [("fused", "dynamic"), ("unfused", "dynamic"), ("unfused", "static")]
)
def test_a_compressed_model_decides_alike_in_8_bits(
    compressed: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    tmp_path: Path,
    attention: str,
    scheme: str,
) -> None:
    floating = exported(compressed, tmp_path, attention)
    ctx = new_context(data=calibration)
    facts = quantize.run(floating, settings(scheme=scheme), ctx)
    assert facts["weights"].keys() == {"int8"}
    assert facts["operators"].get("QAttention", 0) == (1 if attention == "fused" else 0)
    assert facts["flips"] <= 3  # of 300; one was seen
    pairs = [("a dull film", "unheard of"), ("the cast", "is warm and witty")]
    assert np.isfinite(EdgeModel.load(ctx.out, verify=False).logits(pairs)).all()


@pytest.mark.parametrize("scheme", ["dynamic", "static"])
def test_accuracy_survives(
    unfused: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    validation: TextSet,
    scheme: str,
) -> None:
    ctx = new_context(data=calibration)
    quantize.run(unfused, settings(scheme=scheme), ctx)
    assert accuracy(ctx.out, validation) > accuracy(unfused.path, validation) - 0.03


def test_the_tokenizer_and_the_labels_come_along(fused: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    quantize.run(fused, settings(), ctx)
    assert {path.name for path in ctx.out.iterdir()} == {path.name for path in fused.path.iterdir()}
    assert (ctx.out / "config.json").read_bytes() == (fused.path / "config.json").read_bytes()


@pytest.mark.parametrize("scheme", ["dynamic", "static"])
def test_the_same_input_gives_the_same_bytes(
    unfused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], scheme: str
) -> None:
    first, second = new_context(data=calibration), new_context(data=calibration)
    for ctx in (first, second):
        quantize.run(unfused, settings(scheme=scheme), ctx)
    files = [(ctx.out / "model.onnx").read_bytes() for ctx in (first, second)]
    assert files[0] == files[1]


def test_the_input_is_left_as_it_was(
    unfused: Artifact, new_context: NewContext, calibration: dict[str, TextSet]
) -> None:
    before = {path.name: path.read_bytes() for path in unfused.path.iterdir()}
    for scheme in ("dynamic", "static"):
        quantize.run(unfused, settings(scheme=scheme), new_context(data=calibration))
    assert {path.name: path.read_bytes() for path in unfused.path.iterdir()} == before


def test_nothing_is_printed(
    fused: Artifact,
    new_context: NewContext,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    quantize.run(fused, settings(), new_context())
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("rows", [None, 0])
def test_static_needs_calibration_texts(
    unfused: Artifact, new_context: NewContext, validation: TextSet, rows: int | None
) -> None:
    data = (
        {} if rows is None else {"calibration": replace(validation, texts=(), labels=np.array([]))}
    )
    with pytest.raises(StageError, match=r"measures ranges on data\.calibration"):
        quantize.run(unfused, settings(scheme="static"), new_context(data=data))


def test_static_cannot_quantize_fused_attention(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet]
) -> None:
    with pytest.raises(
        StageError, match="cannot quantize fused attention; set `attention: unfused"
    ):
        quantize.run(fused, settings(scheme="static"), new_context(data=calibration))


@pytest.mark.parametrize("scheme", ["dynamic", "static"])
def test_a_graph_is_quantized_once(
    unfused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], scheme: str
) -> None:
    ctx = new_context()
    quantize.run(unfused, settings(), ctx)
    once = replace(unfused, path=ctx.out)
    with pytest.raises(StageError, match="quantized already"):
        quantize.run(once, settings(scheme=scheme), new_context(data=calibration))
