"""A classifier that 8 bits ruin: the gate stops it, and two ways bring it through the same gate."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

LOUD = 3000.0  # of two channels of each layer's values; in 8 bits the others are lost beside them
CHANNELS = torch.tensor([0, 7])
WEIGHTS = "model.safetensors"
VALUE = "bert.encoder.layer.{}.attention.self.value"
OUT = "bert.encoder.layer.{}.attention.output.dense"

RECIPE = """\
version: 1
name: rescue
task: text-classification
seed: 7
labels: [negative, positive]
teacher: {model: ./loud, max_length: 48}
data:
  train:       {source: "resource:tiny-reviews", split: train}
  validation:  {source: "resource:tiny-reviews", split: validation}
  test:        {source: "resource:tiny-reviews", split: test}
stages:
STAGES
gate:
  - {check: loyalty, data: test, label_at_least: 0.85}
"""
PLAIN = ["{kind: export}", "{kind: quantize, scheme: dynamic}"]
FALLBACK = ["{kind: export}", "{kind: quantize, fallback: {label_loyalty_at_least: 0.97}}"]
QAT = ["{kind: qat, epochs: 3, learning_rate: 1e-3, max_length: 48}", *PLAIN]


@dataclass(frozen=True)
class Workshop:
    """Where the loud classifier lies."""

    folder: Path

    def recipe(self, stages: list[str]) -> Path:
        """A recipe that ships it by these stages."""
        path = self.folder / "recipe.yaml"
        path.write_text(RECIPE.replace("STAGES", "\n".join(f"  - {stage}" for stage in stages)))
        return path


@pytest.fixture(scope="module")
def workshop(released, tmp_path_factory) -> Workshop:
    """The smoke recipe's teacher, equal in floats, but two channels drown the others in 8 bits."""
    folder = tmp_path_factory.mktemp("rescue")
    (teacher,) = [
        file.parent
        for file in released.command.store.glob(f"objects/**/{WEIGHTS}")
        if f"{VALUE.format(3)}.weight" in load_file(file)
    ]
    loud = Path(shutil.copytree(teacher, folder / "loud"))
    weights = load_file(loud / WEIGHTS)
    for layer in range(4):
        weights[f"{VALUE.format(layer)}.weight"][CHANNELS] *= LOUD
        weights[f"{VALUE.format(layer)}.bias"][CHANNELS] *= LOUD
        weights[f"{OUT.format(layer)}.weight"][:, CHANNELS] /= LOUD
    save_file(weights, loud / WEIGHTS, metadata={"format": "pt"})
    return Workshop(folder)


def test_in_8_bits_the_gate_stops_it(workshop, command):
    done = command("release", workshop.recipe(PLAIN), "--out", "out")
    assert done.returncode == 1, done.stderr
    assert "BROKEN" in done.stdout
    assert not (command.folder / "out").exists()


def test_operators_that_go_back_to_float_bring_it_through_and_the_report_names_them(
    workshop, command
):
    done = command("release", workshop.recipe(FALLBACK), "--out", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    report = (command.folder / "out/.edgecompress/report.html").read_text()
    assert "gone back to float" in report
    assert "attention/out" in report


def test_training_for_8_bits_brings_it_through(workshop, command):
    done = command("release", workshop.recipe(QAT), "--out", "out")
    assert done.returncode == 0, done.stdout + done.stderr
