"""The gate must catch what is broken: exit 1, and no bundle."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from edgecompress.core.progress import Silent
from edgecompress.data.tiny import tiny_reviews
from edgecompress.store.store import Store
from tests.end_to_end.harm import spoil_scales, write_recipe


def test_a_student_of_shuffled_labels(fresh, released):
    """The teacher is the sound one; the student learns shuffled labels and nothing else."""
    rows = tiny_reviews("train")
    labels = np.random.default_rng(0).permutation([label for _, label in rows])
    lines = [f"{text}\t{label}" for (text, _), label in zip(rows, labels, strict=True)]
    (fresh.folder / "shuffled.tsv").write_text("text\tlabel\n" + "\n".join(lines) + "\n")
    recipe = write_recipe(
        fresh.folder,
        {
            "model: resource:tiny-bert": f"model: {made(released, 0)}",
            "  finetune: {epochs: 4, learning_rate: 1e-3, batch_size: 32, max_length: 48, "
            "checkpoint_every: 25}\n": "",
            'source: "resource:tiny-reviews", split: train': "source: shuffled.tsv",
            "{logits: 0.9, labels: 0.1}": "{logits: 0, labels: 1}",
        },
    )
    done = fresh("release", recipe, "--out", fresh.folder / "bundle")
    assert done.returncode == 1, done.stderr
    assert not (fresh.folder / "bundle").exists()


def test_a_random_last_layer(command, released, tmp_path):
    folder = shutil.copytree(made(released, 2), tmp_path / "candidate")
    path = folder / "model.onnx"
    model = onnx.load(str(path))
    rng = np.random.default_rng(0)
    matrices = [t for t in model.graph.initializer if len(t.dims) == 2]
    for tensor in matrices[-3:]:
        weight = numpy_helper.to_array(tensor)
        noise = rng.normal(0, weight.std() * 3, weight.shape).astype(weight.dtype)
        tensor.CopyFrom(numpy_helper.from_array(noise, tensor.name))
    onnx.save(model, str(path))
    done = command("gate", released.recipe, "--candidate", folder)
    assert done.returncode == 1, done.stdout


def test_an_int8_file_with_wrong_scales(command, released, candidate):
    assert spoil_scales(candidate) > 0
    done = command("gate", released.recipe, "--candidate", candidate)
    assert done.returncode == 1, done.stdout


def test_the_untouched_bundle_passes_the_same_gate(command, released, bundle):
    done = command("gate", released.recipe, "--candidate", bundle)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bundle_that_was_tampered_with_is_not_even_judged(command, released, bundle):
    spoil_scales(bundle)
    done = command("gate", released.recipe, "--candidate", bundle)
    assert done.returncode == 6
    assert "model.onnx" in done.stderr


def test_labels_that_were_exchanged(command, released, candidate):
    config = candidate / "config.json"
    text = config.read_text().replace("negative", "swap").replace("positive", "negative")
    config.write_text(text.replace("swap", "positive"))
    done = command("gate", released.recipe, "--candidate", candidate)
    assert done.returncode == 1


def test_other_labels_are_another_question(command, released, candidate):
    config = candidate / "config.json"
    config.write_text(config.read_text().replace("negative", "toxic"))
    done = command("gate", released.recipe, "--candidate", candidate)
    assert done.returncode == 2
    assert "they must be the same names" in done.stderr


def made(released, step: int) -> Path:
    """The folder that a step of the smoke recipe made."""
    steps = json.loads(released.command("plan", released.recipe, "--json").stdout)["steps"]
    artifact = Store(released.command.store, Silent()).find(steps[step]["key"])
    assert artifact is not None
    return artifact.path
