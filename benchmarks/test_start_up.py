"""How fast the command line answers; promised: `--help` in 0.3 s, `validate` in 0.5 s."""

import subprocess
import sys
from pathlib import Path

import pytest

SMOKE = Path(__file__).parent.parent / "recipes/smoke.yaml"


@pytest.mark.parametrize("arguments", [["--help"], ["validate", str(SMOKE)]], ids=lambda a: a[0])
def test_command(benchmark, arguments):
    command = [sys.executable, "-m", "edgecompress", *arguments]
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=10, iterations=1
    )
