import json
import shutil
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
from edgecompress.models.activations import Calibration
from edgecompress.models.checkpoint import read_json
from edgecompress.models.int8 import prepare
from edgecompress.recipe.shipping import Export, Fallback, Quantize
from edgecompress.runtime.graph_file import require_plain_graph
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages import export, quantize
from edgecompress.stages.context import StageContext
from tests.graphs import with_loud_values

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


STATIC = {"scheme": "static"}
OPERATORS = {"scheme": "static", "format": "qoperator"}
WEIGHTS = {"scheme": "weights", "block": 16}


@pytest.mark.parametrize("attention", ["fused", "unfused"])
@pytest.mark.parametrize(
    "changes", [STATIC, OPERATORS, WEIGHTS], ids=["qdq", "integers", "weights"]
)
def test_answers_do_not_depend_on_the_batch(
    request: pytest.FixtureRequest,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    attention: str,
    changes: dict[str, Any],
) -> None:
    ctx = new_context(data=calibration)
    facts = quantize.run(request.getfixturevalue(attention), settings(**changes), ctx)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["weights"].keys() == {"int8"}
    assert facts["flips"] <= 3  # none was seen
    model = EdgeModel.load(ctx.out, verify=False)
    texts = calibration["calibration"].texts[:40]
    alone, batched = model.logits(texts), model.logits_in_batches(texts, 8)
    assert np.abs(alone - batched).max() < 1e-4 * np.abs(alone).max()


@pytest.mark.parametrize("format", ["qdq", "qoperator"])
def test_static_rounds_only_what_goes_into_products(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], format: str
) -> None:
    facts = quantize.run(
        fused, settings(scheme="static", format=format), new_context(data=calibration)
    )
    found = facts["operators"]
    # each of four layers feeds attention, its output matrix and two dense ones; the head has two
    tables = 2 if format == "qdq" else 0  # whose rows are rounded once more, without a loss
    assert found["QuantizeLinear"] - tables == 4 * 4 + 2
    products = ("MatMul",) if format == "qdq" else ("MatMulIntegerToFloat", "QAttention")
    scores = 4 * 2 if format == "qdq" else 0  # and what they weigh: products of two activations
    assert sum(found[name] for name in products) - scores == 4 * 4 + 2
    assert "DynamicQuantizeLinear" not in found


@pytest.mark.parametrize("ranges", ["entropy", "percentile"])
def test_other_ranges_are_told(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], ranges: str
) -> None:
    chosen = settings(**OPERATORS, ranges=ranges)
    facts = quantize.run(fused, chosen, new_context(data=calibration))
    assert (facts["format"], facts["ranges"]) == ("qoperator", ranges)
    assert "cuts off the largest activations" in chosen.remarks()[0]
    assert settings(**OPERATORS).remarks() == ()


def test_weights_of_four_bits_are_told_apart(fused: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    facts = quantize.run(fused, settings(scheme="weights", bits=4), ctx)
    assert facts["weights"]["int8"] == (221 + 128) * 64  # words and positions of the tiny BERT
    assert facts["weights"]["int4"] == 4 * (4 * 64 * 64 + 2 * 64 * 128) + 64 * 64 + 2 * 64


@pytest.mark.parametrize(
    ("attention", "changes"),
    [
        ("fused", {}),
        ("unfused", {"smooth": 0.75}),
        ("unfused", STATIC),
        ("fused", {**OPERATORS, "smooth": 0.75}),
        ("fused", WEIGHTS),
    ],
)
def test_a_compressed_model_decides_alike_in_8_bits(
    compressed: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    tmp_path: Path,
    attention: str,
    changes: dict[str, Any],
) -> None:
    floating = exported(compressed, tmp_path, attention)
    ctx = new_context(data=calibration)
    facts = quantize.run(floating, settings(**changes), ctx)
    assert facts["weights"].keys() == {"int8"}
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
    before, after = (read_json(folder / "config.json") for folder in (fused.path, ctx.out))
    assert after | {"edgecompress": before["edgecompress"]} == before


@pytest.mark.parametrize("attention", ["fused", "unfused"])
@pytest.mark.parametrize("changes", [{}, STATIC, OPERATORS, WEIGHTS])
def test_every_form_may_lie_in_a_bundle(
    request: pytest.FixtureRequest,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    attention: str,
    changes: dict[str, Any],
) -> None:
    """The runtime opens a bundle's graph only if it knows every operator of it."""
    ctx = new_context(data=calibration)
    floating = request.getfixturevalue(attention)
    require_plain_graph(floating.path / "model.onnx")
    quantize.run(floating, settings(**changes), ctx)
    require_plain_graph(ctx.out / "model.onnx")


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


@pytest.mark.parametrize("changes", [{}, STATIC, OPERATORS, WEIGHTS])
def test_nothing_is_printed(
    fused: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    changes: dict[str, Any],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    quantize.run(fused, settings(**changes), new_context(data=calibration))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("rows", [None, 0])
@pytest.mark.parametrize("changes", [STATIC, {"smooth": 0.5}])
def test_what_is_measured_needs_calibration_texts(
    unfused: Artifact,
    new_context: NewContext,
    validation: TextSet,
    rows: int | None,
    changes: dict[str, Any],
) -> None:
    data = (
        {} if rows is None else {"calibration": replace(validation, texts=(), labels=np.array([]))}
    )
    with pytest.raises(StageError, match=r"measures ranges on data\.calibration"):
        quantize.run(unfused, settings(**changes), new_context(data=data))


def test_fallback_needs_validation_texts(fused: Artifact, new_context: NewContext) -> None:
    asked = settings(fallback=Fallback(label_loyalty_at_least=0.9))
    with pytest.raises(StageError, match=r"judges operators on data\.validation"):
        quantize.run(fused, asked, new_context(data={}))


@pytest.mark.parametrize("scheme", ["dynamic", "static"])
def test_a_graph_is_quantized_once(
    unfused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], scheme: str
) -> None:
    ctx = new_context()
    quantize.run(unfused, settings(), ctx)
    once = replace(unfused, path=ctx.out)
    with pytest.raises(StageError, match="quantized already"):
        quantize.run(once, settings(scheme=scheme), new_context(data=calibration))


@pytest.fixture(scope="session")
def spoilt(fused: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The same floating answers from a graph that 8 bits ruin: what attention gives is lost."""
    folder = shutil.copytree(fused.path, tmp_path_factory.mktemp("spoilt") / "model")
    graph = with_loud_values(onnx.load(folder / "model.onnx"), layers=range(4))
    onnx.save(graph, folder / "model.onnx")
    return replace(fused, path=folder)


RUINED = [f"layers.{layer}/attention/out" for layer in (2, 3, 0, 1)]  # by the harm they do
ALIKE = Fallback(label_loyalty_at_least=0.985, accuracy_drop_at_most=0.02)


def texts_of(calibration: dict[str, TextSet]) -> dict[str, TextSet]:
    return {**calibration, "validation": calibration["calibration"]}


def test_a_spoilt_model_answers_in_floats_as_before(
    fused: Artifact, spoilt: Artifact, validation: TextSet
) -> None:
    before, after = (
        EdgeModel.load(a.path, verify=False).logits(validation.texts) for a in (fused, spoilt)
    )
    assert np.abs(before - after).max() < 1e-5


@pytest.mark.parametrize("changes", [{}, OPERATORS, STATIC], ids=["dynamic", "integers", "qdq"])
def test_just_the_operators_that_8_bits_ruin_go_back_to_float(
    spoilt: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    changes: dict[str, Any],
) -> None:
    facts = quantize.run(
        spoilt, settings(**changes, fallback=ALIKE), new_context(data=texts_of(calibration))
    )
    found = facts["fallback"]
    assert json.loads(json.dumps(facts)) == facts
    assert found["plain"]["label_loyalty"] < 0.7  # 0.50 was seen
    assert found["plain"]["accuracy_drop"] > 0.2  # 0.38 was seen
    returned = [one["operator"] for one in found["returned"]]
    assert returned == RUINED[: len(returned)]  # without the last of them, 3 of 300 labels move
    assert found["holds"]
    assert facts["flips"] <= 4  # of 300, as the limit says
    assert facts["weights"]["float"] == len(returned) * 64 * 64
    assert facts["bytes"] == found["returned"][-1]["bytes"]


@pytest.mark.parametrize("changes", [{}, OPERATORS], ids=["dynamic", "static"])
def test_smoothing_mends_the_same_model_without_a_floating_operator(
    spoilt: Artifact,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    changes: dict[str, Any],
) -> None:
    plain = quantize.run(spoilt, settings(**changes), new_context(data=calibration))
    mended = quantize.run(spoilt, settings(**changes, smooth=0.5), new_context(data=calibration))
    assert plain["flips"] > 90  # of 300
    assert mended["flips"] <= 3
    assert mended["weights"].keys() == {"int8"}


def test_a_model_that_8_bits_do_not_hurt_keeps_no_operator_floating(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet]
) -> None:
    plain, asked = new_context(data=calibration), new_context(data=texts_of(calibration))
    quantize.run(fused, settings(), plain)
    facts = quantize.run(fused, settings(fallback=ALIKE), asked)
    assert facts["fallback"]["holds"]
    assert facts["fallback"]["returned"] == []
    files = [(ctx.out / "model.onnx").read_bytes() for ctx in (plain, asked)]
    assert files[0] == files[1]


@pytest.mark.parametrize("kind", ["fused", "unfused"])
def test_smoothed_graphs_answer_to_the_last_bit_as_before(
    request: pytest.FixtureRequest,
    new_context: NewContext,
    calibration: dict[str, TextSet],
    kind: str,
) -> None:
    """For nothing: values of four layers, and the norm that the head reads; else by an operator."""
    model: Artifact = request.getfixturevalue(kind)
    (out := new_context().out / "smoothed").mkdir()
    shutil.copytree(model.path, out, dirs_exist_ok=True)
    graph = onnx.load(model.path / "model.onnx")
    feeds = [
        {"input_ids": np.array([one.ids]), "attention_mask": np.ones((1, len(one.ids)), np.int64)}
        for one in TextEncoder(model.path).encode(calibration["calibration"].texts[:50])
    ]
    prepared = prepare(graph, settings(smooth=0.75), Calibration(feeds))
    assert prepared.smoothed
    assert (prepared.smoothed.folded, prepared.smoothed.divided) == (4 + 1, 4 * 3 + 1)
    onnx.save(prepared.graph, out / "model.onnx")
    texts = calibration["calibration"].texts[50:100]
    before, after = (
        EdgeModel.load(folder, verify=False).logits(texts) for folder in (model.path, out)
    )
    assert np.abs(before - after).max() < 1e-5


@pytest.mark.parametrize(
    "changes", [{"scheme": "static"}, {"scheme": "static", "format": "qoperator"}]
)
def test_in_bulk_static_answers_are_those_of_texts_alone(
    fused: Artifact, new_context: NewContext, calibration: dict[str, TextSet], changes: Any
) -> None:
    ctx = new_context(data=calibration)
    quantize.run(fused, settings(**changes), ctx)
    model, texts = EdgeModel.load(ctx.out, verify=False), calibration["calibration"].texts
    alone = np.concatenate([model.logits([text]) for text in texts])
    assert read_json(ctx.out / "config.json")["edgecompress"]["batch_invariant"]
    assert np.abs(model.logits(texts) - alone).max() < 1e-5
    assert np.abs(model.logits(texts[::-1])[::-1] - alone).max() < 1e-5


def test_dynamic_says_that_batches_matter(fused: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    quantize.run(fused, settings(), ctx)
    assert not read_json(ctx.out / "config.json")["edgecompress"]["batch_invariant"]
