"""Kinds and sizes of files; hostile contents stand in tests/security."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from edgecompress.runtime import contents
from edgecompress.runtime.bundle import FileRecord, Manifest, seal_bundle, verify_bundle
from edgecompress.runtime.contents import require_plain_contents
from edgecompress.runtime.errors import IntegrityError


@pytest.fixture
def bundle(make_model: Any) -> Path:
    folder: Path = make_model()
    return folder


def look(bundle: Path) -> None:
    seal_bundle(bundle, sequence=1)
    require_plain_contents(bundle, verify_bundle(bundle))


def test_a_model_and_its_papers_pass(bundle: Path) -> None:
    for name in ("README.md", "LICENSE.txt", "report.html", "junit.xml", "recipe.yaml", "a.jsonl"):
        (bundle / name).write_text("anything")
    save_file({"weight": np.zeros((2, 3), np.float32)}, bundle / "model.safetensors")
    look(bundle)


@pytest.mark.parametrize(
    "name", ["model.py", "model.bin", "other.ONNX", "run", "a.json.gz", "x.so"]
)
def test_other_files_are_named(bundle: Path, name: str) -> None:
    (bundle / name).touch()
    with pytest.raises(IntegrityError, match=f"{name}: a bundle holds no such files; only .onnx"):
        look(bundle)


def test_a_second_graph_is_looked_into_too(bundle: Path) -> None:
    (bundle / "onnx").mkdir()
    (bundle / "onnx/model_quantized.onnx").write_bytes(b"no graph")
    with pytest.raises(IntegrityError, match=r"model_quantized\.onnx: not an ONNX graph"):
        look(bundle)


def test_sizes_are_those_of_the_manifest(bundle: Path) -> None:
    """Which verify has compared with the files; nothing is read to find out."""
    manifest = Manifest(1, {"tokenizer.json": FileRecord(64_000_001, "0" * 64)})
    with pytest.raises(IntegrityError, match=r"tokenizer\.json: larger than 64,000,000 bytes"):
        require_plain_contents(bundle, manifest)


def test_thousands_of_files_are_refused(bundle: Path) -> None:
    many = {f"{n}.md": FileRecord(0, "0" * 64) for n in range(1_001)}
    with pytest.raises(IntegrityError, match="more than 1,000 files"):
        require_plain_contents(bundle, Manifest(1, many))


def test_our_own_settings_run_no_code() -> None:
    assert not contents.RUNS_CODE & {"id2label", "edgecompress", "architectures", "model_type"}


@pytest.mark.parametrize("field", ["auto_map", "model_kwargs", "trust_remote_code"])
def test_a_field_that_runs_code_is_named(bundle: Path, field: str) -> None:
    config = json.loads((bundle / "config.json").read_text())
    (bundle / "config.json").write_text(json.dumps({**config, "deep": [{field: 1}]}))
    with pytest.raises(IntegrityError, match=rf"config\.json: has the field '{field}'"):
        look(bundle)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04", bytes(8), (9).to_bytes(8, "little") + b"{}", b"\xff" * 30]
)
def test_weights_that_are_no_safetensors_are_named(bundle: Path, content: bytes) -> None:
    (bundle / "model.safetensors").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"model\.safetensors: not"):
        look(bundle)
