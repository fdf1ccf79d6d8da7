"""A sound recipe to spoil, and a way to read what is said of it."""

from pathlib import Path

import pytest

SOUND = """\
version: 1
name: demo
task: text-classification
labels: [negative, positive]
teacher:
  model: resource:tiny-bert
  finetune: {epochs: 1}
data:
  train: {source: "resource:tiny-reviews", split: train}
  test: {source: "resource:tiny-reviews", split: test}
stages:
  - {kind: distill, layers: 2}
  - {kind: export}
  - {kind: quantize}
gate:
  - {check: accuracy, max_drop: 0.05}
"""


@pytest.fixture
def spoil(tmp_path):
    """Write the sound recipe with one text replaced by another; returns the file."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in SOUND
        path = tmp_path / "demo.yaml"
        path.write_text(SOUND.replace(old, new, 1) if old else SOUND)
        return path

    return write
