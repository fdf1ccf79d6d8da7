"""schemathesis asks whatever the document allows and forbids; each answer must be as promised."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

COMMAND = [sys.executable, "-m", "schemathesis.cli", "run"]
OPTIONS = ["--checks", "all", "--seed", "7", "--no-color", "--suppress-health-check", "all"]


def failures(address, *options):
    """What schemathesis prints if anything is not as promised, else nothing."""
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    url = f"http://{address[0]}:{address[1]}/openapi.json"
    done = subprocess.run(
        [*COMMAND, url, *OPTIONS, *options], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode else ""


def test_the_server_does_what_its_document_says(listening):
    few = ("--phases", "examples,fuzzing", "--max-examples", "5")
    assert failures(listening().address, *few) == ""


@pytest.mark.slow
def test_the_server_does_what_its_document_says_at_length(listening):
    assert failures(listening().address, "--max-examples", "200") == ""
