"""schemathesis asks whatever the document allows and forbids; each answer must be as promised."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

COMMAND = [sys.executable, "-m", "schemathesis.cli", "run"]
OPTIONS = ["--checks", "all", "--seed", "7", "--no-color", "--suppress-health-check", "all"]


@pytest.fixture
def failures(listening, tmp_path_factory):
    """What schemathesis prints if anything is not as promised, else nothing."""
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    host, port = listening().address

    def found(*options):
        done = subprocess.run(
            [*COMMAND, f"http://{host}:{port}/openapi.json", *OPTIONS, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path_factory.mktemp("schemathesis"),  # it leaves its notes there
        )
        return done.stdout if done.returncode else ""

    return found


def test_the_server_does_what_its_document_says(failures):
    assert failures("--phases", "examples,fuzzing", "--max-examples", "5") == ""


@pytest.mark.slow
def test_the_server_does_what_its_document_says_at_length(failures):
    assert failures("--max-examples", "200") == ""
