"""Workflows are loaded when they are called, and what they lack is told in one line."""

import subprocess
import sys

import pytest

from edgecompress.cli.late import missing
from edgecompress.cli.main import VERBS
from edgecompress.core.errors import MissingExtra


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_does_not_wait_for_torch(verb):
    code = (
        "import sys; from edgecompress.cli.main import _run\n"
        f"_run([{verb!r}, '--help'])\nsys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_becomes_the_pip_command():
    told = missing("run", ModuleNotFoundError("no", name="torch.nn"))
    assert isinstance(told, MissingExtra)
    assert str(told) == (
        'run needs torch, which is not installed: pip install "edgecompress[build]"'
    )


def test_a_module_of_ours_that_is_missing_is_a_bug():
    error = ModuleNotFoundError("no", name="edgecompress.workflow.rum")
    assert missing("rum", error) is error
