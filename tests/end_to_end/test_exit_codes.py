"""Every exit code of the contract, through the real command line."""

import shutil
import signal
import time

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgecompress.core.progress import Silent
from edgecompress.data.tiny import make_tiny_bert
from edgecompress.store.store import Store
from tests.end_to_end.conftest import CommandLine
from tests.end_to_end.harm import exchange_classes, write_recipe


def test_0_the_gate_holds(command, released):
    assert command("run", released.recipe).returncode == 0


def test_1_the_gate_is_broken(command, released, candidate):
    exchange_classes(candidate)
    done = command("gate", released.recipe, "--candidate", candidate)
    assert (done.returncode, "BROKEN" in done.stdout.upper()) == (1, True)


def test_2_a_typo_in_the_recipe(command, released):
    recipe = write_recipe(command.folder, {"epochs: 4": "epoch: 4"})
    done = command("validate", recipe)
    assert done.returncode == 2
    assert 'did you mean "epochs"?' in done.stderr


def test_2_a_verb_that_does_not_exist(command):
    done = command("validat", "x")
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_3_a_bug_shows_its_traceback(command, released):
    (command.folder / "pydantic.py").write_text("raise RuntimeError('not what anyone expected')\n")
    broken = CommandLine(command.store, command.folder, {"PYTHONPATH": str(command.folder)})
    done = broken("validate", released.recipe)
    assert done.returncode == 3
    assert "Traceback" in done.stderr


def test_4_offline_and_not_fetched(fresh):
    recipe = write_recipe(fresh.folder, {"resource:tiny-bert": "resource:minilm-l6"})
    done = fresh("--offline", "run", recipe)
    assert done.returncode == 4
    assert "resources fetch minilm-l6" in done.stderr


def test_4_a_package_is_missing(command, released):
    (command.folder / "pydantic.py").write_text(
        "raise ModuleNotFoundError('no', name='pydantic')\n"
    )
    bare = CommandLine(command.store, command.folder, {"PYTHONPATH": str(command.folder)})
    done = bare("validate", released.recipe)
    assert done.returncode == 4
    assert 'pip install "edgecompress[build]"' in done.stderr


def test_2_a_teacher_that_has_learnt_nothing(fresh):
    """A rate of 1 leaves it at chance, and a student that is as lost would be perfectly loyal."""
    rate = "learning_rate: 1e-3, batch_size: 32, max_length: 48"
    recipe = write_recipe(fresh.folder, {rate: rate.replace("1e-3", "1.0")})
    done = fresh("run", recipe)
    assert done.returncode == 2
    assert "it has learnt nothing" in done.stderr


def test_4_a_loss_that_is_not_a_number(fresh):
    """A layer whose weights are 1e30 times too large: inf minus inf in its norm."""
    model = fresh.folder / "model"
    make_tiny_bert(model)
    weights = load_file(model / "model.safetensors")
    for name in weights:
        if "layer.0" in name and name.endswith("dense.weight"):
            weights[name] = weights[name] * np.float32(1e30)
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    done = fresh("run", write_recipe(fresh.folder, {"resource:tiny-bert": str(model)}))
    assert done.returncode == 4
    assert "is nan at step 1 of 152, learning rate" in done.stderr
    assert "tiny-reviews/train:" in done.stderr


def test_5_thirty_rows_cannot_certify_a_tight_margin(fresh):
    recipe = write_recipe(
        fresh.folder,
        {"split: test}": "split: test, rows: 30}", "max_drop: 0.06": "max_drop: 0.01"},
    )
    done = fresh("run", recipe)
    assert done.returncode == 5
    assert "0.01 needs about 7,114" in done.stderr


def test_6_a_flipped_byte(command, bundle):
    file = bundle / "model.onnx"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    done = command("verify", bundle)
    assert done.returncode == 6
    assert "model.onnx" in done.stderr


def test_7_another_run_holds_the_step(command, released, tmp_path):
    store = Store(tmp_path / "held", Silent())
    held = CommandLine(tmp_path / "held", tmp_path)
    key = first_key(held, released.recipe)
    with store.lock(key):
        done = held("--wait", "0", "run", released.recipe)
    assert done.returncode == 7
    assert "pid" in done.stderr


def first_key(command, recipe) -> str:
    import json

    return json.loads(command("plan", recipe, "--json").stdout)["steps"][0]["key"]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_a_signal(fresh, released, sent, code):
    running = fresh.start("run", released.recipe)
    for line in running.stderr:
        if "started" in line:
            break
    time.sleep(1)
    running.send_signal(sent)
    _, said = running.communicate(timeout=60)
    assert running.returncode == code
    assert "run the same command to go on" in said
    assert "Traceback" not in said


def test_a_bundle_that_is_there_survives_a_release_that_fails(released, command):
    keep = command.folder / "keep"
    shutil.copytree(released.bundle, keep)
    recipe = write_recipe(command.folder, {"speedup_at_least: 1.5": "speedup_at_least: 1000"})
    assert command("release", recipe, "--out", keep).returncode == 1
    assert command("verify", keep).returncode == 0
