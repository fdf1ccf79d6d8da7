"""The Tab key, in a real bash."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecompress.cli import completing
from edgecompress.cli.completion import SHELLS
from edgecompress.cli.main import VERBS

PRESSED = """
source "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_edgecompress_completion edgecompress
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory) -> dict[str, str]:
    """The environment of a shell with `edgecompress` in it, and the script that it prints."""
    folder = tmp_path_factory.mktemp("shell")
    program, script = folder / "edgecompress", folder / "script"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgecompress "$@"\n')
    program.chmod(0o755)
    script.write_bytes(subprocess.check_output([program, "completion", "bash"]))
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SCRIPT": str(script)}


@pytest.fixture
def tab(shell, repository):
    """What is offered behind these words, of which the last one is being typed."""

    def tab(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", PRESSED, "bash", "edgecompress", *words],
            capture_output=True,
            text=True,
            cwd=repository,
            env=shell,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return tab


def test_verbs_are_completed(tab):
    assert tab("re") == [verb for verb in VERBS if verb.startswith("re")]


def test_recipes_are_completed_from_the_folder_above_them(tab):
    found = tab("validate", "rec")
    assert "recipes/smoke.yaml" in found
    assert all(name.endswith(".yaml") for name in found)


def test_steps_are_those_of_the_recipe_on_the_line(tab):
    assert tab("run", "recipes/smoke.yaml", "--until", "") == [
        "teacher",
        "distill",
        "export",
        "quantize",
    ]


def test_resources_are_completed(tab):
    assert tab("resources", "fetch", "tiny-") == ["tiny-bert", "tiny-reviews"]


def test_what_can_be_explained_is_completed(tab):
    assert "label_loyalty" in tab("explain", "label_")
    assert tab("explain", "recipes/smo") == ["recipes/smoke.yaml"]


def test_a_line_with_a_mistake_offers_nothing_and_says_nothing(tab):
    assert tab("no-such-verb", "x") == []


def test_the_tab_key_itself(shell, repository):
    """An interactive bash on a terminal of its own; a unique beginning is filled in."""
    typist, terminal = pty.openpty()
    bash = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-i"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**shell, "TERM": "dumb", "PS1": "> "},
        cwd=repository,
        start_new_session=True,
    )
    try:
        os.write(typist, b'eval "$(edgecompress completion bash)"; echo rea""dy\n')
        assert "ready" in until(typist, "ready")
        os.write(typist, b"edgecompress val\trecipes/smo\t")
        assert "edgecompress validate recipes/smoke.yaml" in until(typist, "smoke.yaml")
    finally:
        bash.kill()
        bash.wait()
        os.close(typist)
        os.close(terminal)


def until(typist: int, awaited: str, patience_s: float = 240) -> str:
    """What the terminal shows until the words are there, or nobody has patience any more."""
    shown, end = "", time.monotonic() + patience_s
    while awaited not in shown and time.monotonic() < end:
        if select.select([typist], [], [], 0.2)[0]:
            shown += os.read(typist, 4096).decode(errors="replace")
    return shown


@pytest.mark.parametrize("name", SHELLS)
def test_each_shell_gets_a_script_of_its_own(name, shell):
    done = subprocess.run(
        ["edgecompress", "completion", name], capture_output=True, text=True, env=shell, check=True
    )
    assert f"_EDGECOMPRESS_COMPLETE={name}_complete" in done.stdout


def test_a_tab_does_not_wait_for_torch():
    code = (
        "import sys; from edgecompress.cli.main import _run\n"
        "_run([])\nsys.exit('torch' in sys.modules)"
    )
    asked = {
        "_EDGECOMPRESS_COMPLETE": "bash_complete",
        "COMP_WORDS": "edgecompress run r",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_where_no_recipe_is_near_the_shell_completes_files_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").touch()
    (item,) = completing.recipe_files(None, None, "no")
    assert item.type == "file"


def test_recipes_of_a_folder_that_is_typed_whole_are_offered(tmp_path):
    for name in ("a.yaml", "b.yml", ".hidden.yaml", "c.txt"):
        (tmp_path / name).touch()
    found = completing.recipe_files(None, None, f"{tmp_path}/")
    assert [Path(item.value).name for item in found] == ["a.yaml", "b.yml"]
