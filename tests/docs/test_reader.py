"""The reader notices what is not as the page says."""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sybil.example import SybilFailure

from edgecompress.core.errors import MeasureError
from edgecompress.core.turns import Ratio, require_quiet
from tests.docs.reader import Reader


@pytest.fixture
def read(tmp_path):
    def read(text: str) -> Path:
        (tmp_path / "page.md").write_text(text)
        base = Path(__file__).parent.parent.parent / "recipes/smoke.yaml"
        Reader(tmp_path, os.environ, base).read(tmp_path / "page.md")
        return tmp_path

    return read


def ended(process: int, within_s: float) -> bool:
    """Whether it is gone, or nobody has asked yet how it ended."""
    state, until = Path(f"/proc/{process}/stat"), time.monotonic() + within_s
    while time.monotonic() < until:
        with suppress(FileNotFoundError, ProcessLookupError):
            if " Z " not in state.read_text():
                time.sleep(0.02)
                continue
        return True
    return False


def block(language: str, *lines: str) -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


@pytest.mark.parametrize("shown", ["a b c d", "a ... d", "... a b c d ...", "a b c... d"])
def test_output_is_compared_word_by_word(read, shown):
    read(block("sh", "echo 'a  b'; echo c d") + block("text", shown))


@pytest.mark.parametrize("shown", ["a b c", "a ... c", "b c d", "a b... c d e"])
def test_other_output_is_noticed(read, shown):
    with pytest.raises(SybilFailure, match=r"page\.md, line 4"):
        read(block("sh", "echo a b c d") + block("text", shown))


def test_a_warning_that_the_machine_is_noisy_is_left_out(read):
    with pytest.raises(MeasureError) as noise:
        require_quiet("latency", lambda attempt: Ratio(0.9, 0.8, 0.95), 1.15)
    read(block("sh", f"echo 'warning: model: {noise.value}'; echo a") + block("text", "a"))


def test_a_command_that_fails_is_noticed_wherever_it_stands(read):
    with pytest.raises(SybilFailure, match="exit code 3"):
        read(block("sh", "(exit 3)", "echo on"))


def test_a_file_is_saved_under_its_name(read):
    assert (read(block("yaml", "# part.yaml", "seed: 8")) / "part.yaml").is_file()


@pytest.mark.parametrize(
    ("part", "said"),
    [("sed: 8", 'did you mean "seed"'), ("- {kind: exprt}", "exprt"), ("gate: []", "at least 1")],
)
def test_a_part_of_a_recipe_must_be_without_mistakes(read, part, said):
    with pytest.raises(SybilFailure, match=said):
        read(block("yaml", part))


def test_a_block_that_is_skipped_is_not_run(read):
    read('<!-- skip: next "it would fail" -->\n' + block("sh", "exit 1"))


def test_what_a_block_leaves_running_is_there_for_the_next_one_and_ends_with_the_page(read):
    folder = read(
        block("sh", "sleep 60 & echo $! > sleeper")
        + block("sh", 'kill -0 "$(cat sleeper)" && echo still there')
        + block("text", "still there")
    )
    assert ended(int((folder / "sleeper").read_text()), within_s=10)


def test_port_8000_of_the_pages_is_a_free_one(read):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        folder = read(
            block("sh", "echo 8000 > port; echo 8000 18000") + block("text", "8000 18000")
        )
        told = int((folder / "port").read_text())
        assert told not in (8000, taken.getsockname()[1])
