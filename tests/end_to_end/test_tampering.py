"""A bundle that is not what was released is refused by everything that reads one."""

import subprocess
import sys

import pytest


def flip(bundle, name):
    raw = bytearray((bundle / name).read_bytes())
    raw[len(raw) // 3] ^= 4
    (bundle / name).write_bytes(raw)


def remove(bundle, name):
    (bundle / name).unlink()


def add(bundle, name):
    (bundle / f"{name}.extra").write_text("new")


def rename(bundle, name):
    (bundle / name).rename(bundle / f"{name}.moved")


@pytest.mark.parametrize("harm", [flip, remove, add, rename], ids=lambda h: h.__name__)
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", ".edgecompress/report.json"])
def test_harm_is_refused_and_named(command, bundle, harm, name):
    harm(bundle, name)
    runtime = [sys.executable, "-m", "edgecompress.runtime", str(bundle)]
    for done in (
        command("verify", bundle),
        command("predict", bundle, "a film"),
        subprocess.run(runtime, capture_output=True, text=True, check=False),
    ):
        assert done.returncode == 6, done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stderr


def test_an_untouched_copy_is_accepted(command, bundle):
    assert command("verify", bundle).returncode == 0
