"""The self-test and the probe, as a shell would call them."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from edgecompress.runtime.__main__ import main
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import FILE, write_golden


@pytest.fixture
def bundle(make_model: Any) -> Path:
    folder = make_model()
    write_golden(folder, ["good", "bad film", "not good"])
    seal_bundle(folder, sequence=1)
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgecompress.runtime", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_sound_bundle_passes_and_tells_its_latency(bundle: Path) -> None:
    done = run(bundle, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["golden"] == {"texts": 3, "other_labels": 0, "max_abs": 0, "drift": 0}
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p95"]
    assert found["sequence"] == 1


def test_people_get_four_lines(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["files", "answers", "latency", "machine"]


def test_a_damaged_bundle_exits_with_6(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "config.json").unlink()
    assert main([str(bundle)]) == 6
    assert "error: " in (told := capsys.readouterr().err)
    assert "config.json: missing" in told


def test_other_answers_exit_with_6(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle / FILE
    path.write_text(path.read_text().replace('"logits": [0.0, 1.0]', '"logits": [1.0, 0.0]'))
    seal_bundle(bundle, sequence=2)
    assert main([str(bundle)]) == 6
    assert "answers as another model would" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--threads", "0"], [], ["--wrong"]])
def test_a_wrong_call_exits_with_2(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(bundle)
    try:
        code = main(arguments)
    except SystemExit as exit_:  # argparse leaves by itself
        code = exit_.code
    assert code == 2


def test_a_bug_exits_with_3(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgecompress.runtime.__main__.admit", lambda *asked: 1 / 0)
    assert main([str(bundle)]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_probe_measures_from_the_start_of_the_process(make_model: Any) -> None:
    folder = make_model()  # not sealed
    begun = time.monotonic_ns()
    done = run(folder, "--probe", "--started-ns", begun)
    outside_ms = (time.monotonic_ns() - begun) / 1e6
    found = json.loads(done.stdout)
    assert found["load_ms"] + found["first_answer_ms"] < found["cold_start_ms"] < outside_ms


def test_the_probe_finds_its_own_start(bundle: Path) -> None:
    begun = time.monotonic_ns()
    found = json.loads(run(bundle, "--probe").stdout)
    outside_ms = (time.monotonic_ns() - begun) / 1e6
    assert found["load_ms"] < found["cold_start_ms"] < outside_ms + 10  # the kernel's tick


def test_the_probes_memory_is_its_own_and_not_its_parents(bundle: Path) -> None:
    ballast = bytearray(400_000_000)
    found = json.loads(run(bundle, "--probe").stdout)
    assert 20_000_000 < found["peak_rss_bytes"] < 150_000_000 < len(ballast)
