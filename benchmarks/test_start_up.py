"""How fast things answer that people wait for.

Promised: `--help` in 0.3 s, `validate` in 0.5 s, the runtime's import in 0.3 s, and a bundle of
70 MB verified in 1 s.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgecompress.runtime.bundle import seal_bundle, verify_bundle

SMOKE = Path(__file__).parent.parent / "recipes/smoke.yaml"
COMMANDS = {
    "--help": ["-m", "edgecompress", "--help"],
    "validate": ["-m", "edgecompress", "validate", str(SMOKE)],
    "import": ["-c", "from edgecompress.runtime import EdgeModel"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_command(benchmark, arguments):
    command = [sys.executable, *arguments]
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=10, iterations=1
    )


def test_verifying_seventy_megabytes(benchmark, tmp_path):
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "model.onnx").write_bytes(os.urandom(70 << 20))
    seal_bundle(tmp_path, sequence=1)
    benchmark(verify_bundle, tmp_path)
