"""What the command line says of itself."""

import subprocess
import sys

import click
import pytest

from edgecompress.cli.main import VERBS, cli
from edgecompress.core.errors import ExitCode


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_teaches_itself(verb):
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    assert len(command.help or "") > 40


def test_the_readme_lists_every_verb(repository):
    readme = (repository / "README.md").read_text()
    assert [verb for verb in VERBS if f"| `{verb}" not in readme] == []


def test_the_reference_lists_every_exit_code(repository):
    page = (repository / "docs/reference/exit-codes.md").read_text()
    assert [code for code in ExitCode if f"| {int(code)} | {code.name} |" not in page] == []


def test_help_loads_no_library():
    code = (
        "import sys; from edgecompress.cli.main import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'onnxruntime', 'pydantic', 'numpy', 'rich', 'transformers'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_validate_loads_no_torch(repository):
    code = (
        "import sys; from edgecompress.cli.main import _run\n"
        f"code = _run(['validate', {str(repository / 'recipes/smoke.yaml')!r}])\n"
        "heavy = {'torch', 'onnxruntime', 'transformers', 'datasets', 'scipy', 'onnx'}\n"
        "sys.exit(100 if code else len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
