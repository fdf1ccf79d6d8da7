"""Two runs on one store."""

import json
import random
import re
import shutil
import time
from pathlib import Path

import pytest

from edgecompress.core.progress import Silent
from edgecompress.runtime.bundle import META, verify_bundle
from edgecompress.store.store import Store
from tests.end_to_end.conftest import CommandLine
from tests.end_to_end.history import History
from tests.warm import Warm

SHORT = """\
version: 1
name: short
task: text-classification
labels: [negative, positive]
teacher: {model: TEACHER, max_length: 48}
data:
  train: {source: "resource:tiny-reviews", split: train, rows: 96}
  test: {source: "resource:tiny-reviews", split: test, rows: 100}
stages:
  - {kind: distill, layers: 2, epochs: 1, max_length: 48, checkpoint_every: 1}
  - {kind: export}
  - {kind: quantize, scheme: dynamic}
gate:
  - {check: size, ratio_at_most: 1}
"""


@pytest.fixture
def short(released, tmp_path) -> Path:
    """A recipe of a second, from a teacher that has learnt."""
    report = json.loads((released.bundle / META / "report.json").read_text())
    teacher = Store(released.command.store, Silent()).find(report["stages"][0]["key"])
    recipe = tmp_path / "short.yaml"
    recipe.write_text(SHORT.replace("TEACHER", str(teacher.path)))
    return recipe


@pytest.mark.parametrize(
    "pairs", [10, pytest.param(200, marks=pytest.mark.slow)], ids="{} pairs".format
)
@pytest.mark.timeout(3600)
def test_two_releases_at_once_both_end_well_and_share_the_work(short, tmp_path, pairs):
    """One pair makes everything and writes a bundle, the next finds everything and replaces it."""
    rng = random.Random(pairs)
    for number in range(pairs // 2):
        command = CommandLine(tmp_path / f"{number}/store", tmp_path)
        bundle, history = command.store.parent / "bundle", History(command.store)
        for sequence, made, apart_s in ((1, 4, 1.5), (2, 0, 0.3)):
            release = ("release", short, "--out", bundle, "--sequence", sequence)
            said = said_by_two(Warm(command), release, rng.uniform(0, apart_s))
            done = re.findall(r"^(.+): done in", said, flags=re.MULTILINE)
            assert len(done) == len(set(done)) == made
            assert said.count("already holds this release") == 1
            assert verify_bundle(bundle).sequence == sequence
            history.go_on()
        shutil.rmtree(command.store.parent)


def said_by_two(warm: Warm, verb: tuple[object, ...], apart_s: float) -> str:
    """What two runs say together, of which one sets out later than the other."""
    first = warm.start(*verb)
    time.sleep(apart_s)
    ended = [running.end() for running in (first, warm.start(*verb))]
    assert [one.code for one in ended] == [0, 0], ended
    return "".join(one.said for one in ended)


def test_a_damaged_object_is_made_again_with_one_warning(fresh, released):
    assert fresh("run", released.recipe).returncode == 0
    (model,) = [e for e in Store(fresh.store, Silent()).entries() if e.kind == "int8-onnx-model"]
    (file,) = model.path.rglob("model.onnx")
    raw = bytearray(file.read_bytes())
    raw[1000] ^= 1
    file.write_bytes(raw)
    done = fresh("run", released.recipe)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning: damaged object set aside") == 1
    assert done.stderr.count(": cached") == 3
