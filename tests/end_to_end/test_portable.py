"""The portable graph of a bundle: released with it, sealed, and answered by another engine."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgecompress.models.portable import not_standard
from edgecompress.runtime.golden import golden_text, read_golden
from edgecompress.runtime.model import EdgeModel

GRAPH = "onnx/model_quantized.onnx"
WEB = "onnxruntime-web@1.30.0"


@pytest.fixture(scope="module")
def bundle(released, tmp_path_factory) -> Path:
    """The smoke release once more, this time with a portable graph."""
    folder = tmp_path_factory.mktemp("portable")
    recipe = folder / "recipe.yaml"
    text = released.recipe.read_text().replace("{card: true}", "{card: true, portable: true}")
    recipe.write_text(text)
    done = released.command("release", recipe, "--out", folder / "bundle")
    assert done.returncode == 0, done.stderr
    assert f"{GRAPH}: " in done.stderr
    return folder / "bundle"


def test_it_holds_standard_operators_only(bundle):
    assert not_standard(onnx.load(bundle / GRAPH)) == []


def test_it_is_sealed_with_the_bundle(bundle, released):
    with (bundle / GRAPH).open("ab") as file:
        file.write(b"\0")
    done = released.command("verify", bundle)
    with (bundle / GRAPH).open("rb+") as file:
        file.truncate((bundle / GRAPH).stat().st_size - 1)
    assert done.returncode == 6
    assert f"{GRAPH}: changed" in done.stderr


def test_it_decides_as_the_fast_one(bundle):
    texts = [golden_text(answer) for answer in read_golden(bundle)]
    fast = EdgeModel.load(bundle).logits(texts)
    slow = EdgeModel.load(bundle / GRAPH, verify=False).logits(texts)
    assert (fast.argmax(axis=1) == slow.argmax(axis=1)).all()
    assert np.abs(fast - slow).max() < 0.1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs node and npm")
def test_onnx_runtime_web_gives_the_golden_answers(bundle, repository, tmp_path):
    shutil.copy(repository / "tests/web/check.mjs", tmp_path)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", WEB]
    subprocess.run(install, cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        ["node", "check.mjs", bundle, GRAPH],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["texts"], told["other_labels"]) == (32, 0)
    assert told["max_abs"] < 0.1
