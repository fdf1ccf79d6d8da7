"""Models made elsewhere stand before the same gate: exported and quantized by other tools."""

import json
import shutil
import warnings
from pathlib import Path

import onnx
import pytest
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

from tests.end_to_end.harm import exchange_classes, write_recipe
from tests.end_to_end.test_broken_candidates import made

TIMED = {
    "  - {check: latency, pairs: 100, speedup_at_least: 1.5}\n": "",
    "  - {check: size, ratio_at_most: 0.6}\n": "",
}


@pytest.fixture(scope="session")
def foreign(released, tmp_path_factory) -> Path:
    """The teacher's checkpoint, exported by torch alone and quantized by onnxruntime alone."""
    checkpoint = made(released, 0)
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint / name, folder / name)
    (folder / "onnx").mkdir()
    network = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, attn_implementation="eager"
    ).eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with warnings.catch_warnings(action="ignore"):  # the older exporter, as most models on hubs
        torch.onnx.export(
            network,
            tuple(torch.ones(2, 7, dtype=torch.int64) for _ in names),
            str(folder / "onnx/model.onnx"),
            input_names=names,
            output_names=["logits"],
            dynamic_axes={name: {0: "batch", 1: "tokens"} for name in names},
            opset_version=17,
            dynamo=False,
        )
    quantize_dynamic(
        folder / "onnx/model.onnx",
        folder / "onnx/model_quantized.onnx",
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return folder


@pytest.fixture
def copied(foreign, tmp_path) -> Path:
    return Path(shutil.copytree(foreign, tmp_path / "foreign"))


@pytest.fixture
def recipe(tmp_path) -> Path:
    """What the shared store holds already, but for a gate of behaviour alone."""
    return write_recipe(tmp_path, TIMED)


def test_a_checkpoint_that_torch_exported(command, recipe, foreign):
    done = command("gate", recipe, "--candidate", foreign, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (loyalty,) = [c for c in report["checks"] if c["name"] == "label_loyalty"]
    assert loyalty["value"] == 1.0  # it is the teacher
    assert report["candidate"]["name"] == foreign.name


def test_one_graph_of_several_is_named_by_its_file(command, recipe, foreign):
    done = command("gate", recipe, "--candidate", foreign / "onnx/model_quantized.onnx", "--json")
    assert done.returncode == 0, done.stderr
    size = (foreign / "onnx/model_quantized.onnx").stat().st_size
    assert json.loads(done.stdout)["candidate"]["bytes"] == size


def test_several_graphs_and_none_named_is_a_question_back(command, recipe, copied):
    (copied / "onnx/model.onnx").rename(copied / "onnx/model_fp32.onnx")
    done = command("gate", recipe, "--candidate", copied)
    assert done.returncode == 2
    assert "onnx/model_fp32.onnx, onnx/model_quantized.onnx" in done.stderr


def test_labels_that_nobody_named_count_in_order_with_a_warning(command, recipe, copied):
    set_labels(copied, ["LABEL_0", "LABEL_1"])
    done = command("gate", recipe, "--candidate", copied)
    assert done.returncode == 0, done.stderr
    assert "LABEL_0 is negative, LABEL_1 is positive" in done.stderr


def test_labels_in_another_order_are_matched_by_name(command, recipe, copied):
    set_labels(copied, ["POSITIVE", "NEGATIVE"])
    shutil.move(copied / "onnx/model.onnx", copied / "model.onnx")
    exchange_classes(copied)  # of two classes the one wins whose logit was the lower one
    done = command("gate", recipe, "--candidate", copied)
    assert done.returncode == 0, done.stdout + done.stderr


def set_labels(folder: Path, labels: list[str]) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = dict(enumerate(labels))
    (folder / "config.json").write_text(json.dumps(config))
