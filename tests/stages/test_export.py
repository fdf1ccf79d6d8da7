import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from transformers import AutoConfig, AutoTokenizer, MPNetConfig, MPNetForSequenceClassification

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.models import timed_graphs
from edgecompress.models.checkpoint import copy_tokenizer, load_model
from edgecompress.models.encoder import Encoder
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.shipping import Export
from edgecompress.runtime.model import EdgeModel
from edgecompress.stages import export
from edgecompress.stages.context import StageContext

NewContext = Callable[..., StageContext]
TEXTS = ["the film is not boring", "a warm, witty and memorable drama", "", "dull " * 200]


def settings(**changes: Any) -> Export:
    return Export(kind="export", **changes)


@pytest.fixture(scope="session")
def exported(teacher: Artifact, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The fine-tuned tiny BERT as a fused graph, and the facts about it."""
    place = tmp_path_factory.mktemp("exported")
    (out := place / "out").mkdir()
    labels = ("negative", "positive")
    ctx = StageContext(out, place, labels, {}, seed=7, threads=1, progress=Silent())
    return out, export.run(teacher, settings(), ctx)


def test_the_runtime_loads_it_and_answers_as_the_network(
    teacher: Artifact, exported: tuple[Path, Any]
) -> None:
    model = EdgeModel.load(exported[0], verify=False)
    expected = TorchPredictor(teacher.path).logits(TEXTS)
    assert model.labels == ("negative", "positive")
    assert model.max_length == 48  # the length the teacher was trained with
    np.testing.assert_allclose(model.logits(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(model.logits_in_batches(TEXTS, 4), expected, atol=1e-5)


def test_the_folder_holds_what_other_tools_need(exported: tuple[Path, Any]) -> None:
    folder = exported[0]
    assert {path.name for path in folder.iterdir()} == {
        *("model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json"),
        "special_tokens_map.json",
    }
    config = AutoConfig.from_pretrained(folder)
    assert (config.model_type, config.num_labels) == ("bert", 2)
    assert config.id2label == {0: "negative", 1: "positive"}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = EdgeModel.load(folder, verify=False).encoder.encode(TEXTS[:2])
    assert tokenizer(TEXTS[:2])["input_ids"] == [encoded.ids for encoded in ours]


def test_all_weights_are_in_the_one_file(exported: tuple[Path, Any]) -> None:
    graph = onnx.load(exported[0] / "model.onnx", load_external_data=False)
    assert not any(weight.external_data for weight in graph.graph.initializer)
    assert [i.name for i in graph.graph.input] == ["input_ids", "attention_mask"]


def test_the_facts_tell_operators_and_parity(exported: tuple[Path, Any]) -> None:
    folder, facts = exported
    assert json.loads(json.dumps(facts)) == facts
    assert facts["operators"]["Attention"] == 4  # one for each layer of the tiny BERT
    assert facts["domains"] == ["ai.onnx", "com.microsoft"]
    assert facts["bytes"] == (folder / "model.onnx").stat().st_size
    parity = facts["parity"]
    assert parity["sequences"] == 20  # four each of 2, 4, 8, 16 and 32 tokens; the most is 48
    assert parity["max_abs_alone"] < 1e-4
    assert parity["max_abs_padded"] < 1e-4
    assert parity["flips_alone"] == parity["flips_padded"] == 0


def test_unfused_needs_no_operators_of_microsoft(
    teacher: Artifact, new_context: NewContext
) -> None:
    facts = export.run(teacher, settings(attention="unfused", opset=14), new_context())
    assert facts["domains"] == ["ai.onnx"]
    assert facts["operators"]["Softmax"] == 4


def test_our_own_encoder_exports_too(own_student: Artifact, new_context: NewContext) -> None:
    ctx = new_context()
    assert export.run(own_student, settings(), ctx)["operators"]["Attention"] == 1
    expected = TorchPredictor(own_student.path).logits(TEXTS)
    ours = EdgeModel.load(ctx.out, verify=False).logits(TEXTS)
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("attention", ["fused", "unfused"])
def test_a_compressed_model_is_exported_as_it_is(
    compressed: Artifact, new_context: NewContext, validation: TextSet, attention: str
) -> None:
    ctx = new_context(pair_inputs=True, data={"validation": validation})
    facts = export.run(compressed, settings(attention=attention), ctx)
    assert facts["parity"]["flips_alone"] == facts["parity"]["flips_padded"] == 0
    counts = facts["operators"]
    fused = (counts.get("Attention", 0), counts.get("Softmax", 0))
    assert fused == ((1, 3) if attention == "fused" else (0, 4))
    model = EdgeModel.load(ctx.out, verify=False)
    texts = [*TEXTS, *validation.texts, ("a dull film", "unheard of")]
    np.testing.assert_allclose(
        model.logits(texts), TorchPredictor(compressed.path).logits(texts), atol=1e-5
    )


def test_pairs_keep_their_types(teacher: Artifact, new_context: NewContext) -> None:
    ctx = new_context(pair_inputs=True)
    facts = export.run(teacher, settings(), ctx)
    pairs = [("a dull film", "a boring drama"), ("the cast", "is warm and witty, and rich")]
    ours = EdgeModel.load(ctx.out, verify=False).logits(pairs)
    np.testing.assert_allclose(ours, TorchPredictor(teacher.path).logits(pairs), atol=1e-5)
    assert facts["parity"]["max_abs_padded"] < 1e-4


def test_parity_is_measured_on_texts_where_there_are_any(
    teacher: Artifact, new_context: NewContext, validation: Any
) -> None:
    facts = export.run(teacher, settings(), new_context(data={"validation": validation}))
    assert facts["parity"]["sequences"] == 256  # of 300


def test_the_same_model_exports_to_the_same_bytes(
    own_student: Artifact, new_context: NewContext
) -> None:
    first, second = new_context(), new_context()
    for ctx in (first, second):
        export.run(own_student, settings(), ctx)
    for path in first.out.iterdir():
        assert path.read_bytes() == (second.out / path.name).read_bytes()


def test_a_graph_that_answers_otherwise_is_not_written_off_as_rounding(
    own_student: Artifact, new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_export = export.export_graph

    def wrong(encoder: Encoder, opset: int, *, pairs: bool) -> onnx.ModelProto:
        torch.nn.init.constant_(encoder.head.out.bias, 0.01)
        graph = true_export(encoder, opset, pairs=pairs)
        torch.nn.init.zeros_(encoder.head.out.bias)
        return graph

    monkeypatch.setattr(export, "export_graph", wrong)
    with pytest.raises(StageError, match=r"differ from the network's by 0\.01, allowed 0\.001"):
        export.run(own_student, settings(), new_context())


def test_fused_attention_needs_a_late_opset(own_student: Artifact, new_context: NewContext) -> None:
    with pytest.raises(StageError, match="needs opset 17 or later, got 16"):
        export.run(own_student, settings(opset=16), new_context())


def test_an_architecture_we_cannot_hold_is_refused(
    tiny_bert: Artifact, tmp_path: Path, new_context: NewContext, new_artifact: Any
) -> None:
    sizes = {"vocab_size": 300, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    network = MPNetForSequenceClassification(MPNetConfig(num_hidden_layers=1, **sizes))
    network.save_pretrained(tmp_path / "mpnet")
    copy_tokenizer(tiny_bert.path, tmp_path / "mpnet", max_length=32)
    assert load_model(tmp_path / "mpnet")
    with pytest.raises(StageError, match="mpnet"):
        export.run(new_artifact(tmp_path / "mpnet"), settings(), new_context())


@pytest.mark.parametrize("faster", ["fused", "unfused"])
def test_the_faster_form_is_taken_where_it_is_measured(
    teacher: Artifact, new_context: NewContext, monkeypatch: pytest.MonkeyPatch, faster: str
) -> None:
    ms = {"fused": 1.0, "unfused": 1.0} | {faster: 0.5}
    monkeypatch.setattr(export, "median_ms", lambda *_: [ms["fused"], ms["unfused"]])
    facts = export.run(teacher, settings(attention="measured"), new_context())
    assert (facts["attention"], facts["int8_ms"]) == (faster, ms)
    assert ("Attention" in facts["operators"]) == (faster == "fused")


def test_both_forms_are_really_timed(
    teacher: Artifact, new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_graphs, "MOST_ROUNDS", 3)
    facts = export.run(teacher, settings(attention="measured", lengths=(8,)), new_context())
    assert all(0 < ms < 100 for ms in facts["int8_ms"].values())


def test_a_length_that_the_network_cannot_read_is_refused(
    teacher: Artifact, new_context: NewContext
) -> None:
    with pytest.raises(StageError, match="name shorter ones"):
        export.run(teacher, settings(attention="measured", lengths=(512,)), new_context())
