"""Loading a model tells nobody: onnxruntime's reports to its maker are off unless somebody asks."""

import os
import subprocess
import sys
from pathlib import Path

# Each of these may turn the reports off by itself, so the test must not see them.
OTHER_SWITCHES = ("ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS")
LOAD = """
import sys
from edgecompress.runtime import EdgeModel
EdgeModel.load(sys.argv[1], verify=False)
"""


def left_at_home(model: Path, home: Path) -> list[Path]:
    """What a fresh process leaves there after it has loaded the model."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHER_SWITCHES}
    home.mkdir()
    moved = {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    subprocess.run([sys.executable, "-c", LOAD, str(model)], env=moved, check=True)
    return sorted(home.rglob("*"))


def test_no_number_for_this_machine_is_made_up(make_model, tmp_path) -> None:
    # onnxruntime 1.31 keeps one in Microsoft/DeveloperTools/.onnxruntime/deviceid before it reports
    assert left_at_home(make_model(), tmp_path / "home") == []
