"""`edgecompress serve` before it serves: its name for the model, and what it needs."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from edgecompress.cli import serve
from edgecompress.runtime.errors import InputError


def call(*arguments):
    return CliRunner().invoke(serve.command, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("folder", "name"), [("release", "release"), ("v1.2-a", "v1.2-a"), ("my model", "model")]
)
def test_the_model_is_called_as_its_folder_where_an_address_can_hold_that(tmp_path, folder, name):
    assert serve._name(None, tmp_path / folder) == name


@pytest.mark.parametrize("name", ["../etc", "a/b", "", ".hidden", "a b", "x" * 65])
def test_a_name_that_is_no_part_of_an_address_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="letters, digits"):
        call(str(tmp_path), "--name", name)


def test_a_request_must_fit_into_the_queue(tmp_path):
    with pytest.raises(InputError, match="no more texts than fit"):
        call(str(tmp_path), "--at-once", "10", "--queue", "9")


def without_the_extra(*arguments):
    """The exit code and stderr where none of its packages is installed."""
    code = (
        "import sys; from edgecompress.cli.main import _run\n"
        f"for name in {serve.EXTRA}: sys.modules[name] = None\n"
        f"sys.exit(int(_run({['serve', *arguments]})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_missing_package_is_named_with_its_extra(tmp_path):
    code, told = without_the_extra(str(tmp_path))
    assert code == 4
    assert 'not installed: pip install "edgecompress[serve]"' in told


def test_help_needs_none_of_the_packages():
    assert without_the_extra("--help") == (0, "")


def test_what_is_no_bundle_is_not_served(tmp_path):
    with pytest.raises(InputError, match="not a folder"):
        call(str(tmp_path / "nowhere"))
