"""Workflows are loaded when they are called, and what they lack is told in one line."""

import subprocess
import sys

from edgecompress.cli.late import missing
from edgecompress.core.errors import MissingExtra


def test_no_verb_loads_torch_before_it_is_called():
    """So neither its help nor the Tab key behind it waits for torch."""
    code = (
        "import sys, click; from edgecompress.cli.main import VERBS, cli\n"
        "for verb in VERBS:\n"
        "    cli.get_command(click.Context(cli), verb)\n"
        "    if 'torch' in sys.modules: sys.exit(verb)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_package_becomes_the_pip_command():
    told = missing("run", ModuleNotFoundError("no", name="torch.nn"))
    assert isinstance(told, MissingExtra)
    assert str(told) == (
        'run needs torch, which is not installed: pip install "edgecompress[build]"'
    )


def test_a_module_of_ours_that_is_missing_is_a_bug():
    error = ModuleNotFoundError("no", name="edgecompress.workflow.rum")
    assert missing("rum", error) is error


def test_run_tells_a_mistake_in_the_recipe_before_torch_is_loaded(tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 1\nnaem: x\n")
    code = (
        "import sys; from edgecompress.cli.main import main\n"
        "try: main(['run', 'bad.yaml'])\n"
        "except SystemExit as end: sys.exit('torch' if 'torch' in sys.modules else end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "naem" in done.stderr
