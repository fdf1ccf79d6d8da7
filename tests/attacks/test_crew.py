"""Workers, with toys in the place of TextAttack."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecompress.attacks.crew import Crew
from edgecompress.core.errors import MeasureError

TOY = str(Path(__file__).parent / "toy_worker.py")


@pytest.fixture
def crew(tmp_path: Path, word_lists: Path) -> Iterator[Crew]:
    (tmp_path / "seen").mkdir()
    with Crew(2, word_lists, [sys.executable, TOY, str(tmp_path / "seen")]) as made:
        yield made


def tasks(*texts: str):
    return [{"row": row, "text": text, "seed": 10 * row} for row, text in enumerate(texts)]


def tries(folder: Path, row: int) -> list[str]:
    return (folder / f"seen/{row}.log").read_text().split()


def test_every_task_has_its_answer(crew: Crew):
    found = {reply["row"]: reply["text"] for reply in crew.work(tasks(*["slow"] * 9))}
    assert found == {row: f"changed {10 * row}" for row in range(9)}


def test_workers_share_the_work(crew: Crew, tmp_path: Path):
    list(crew.work(tasks(*["slow"] * 12)))
    assert len({tries(tmp_path, row)[0] for row in range(12)}) == 2


def test_nobody_starts_before_there_is_work(tmp_path: Path, word_lists: Path):
    with Crew(2, word_lists, [str(tmp_path / "no such program")]):
        pass


def test_the_text_of_a_dead_worker_gets_a_second_try(crew: Crew, tmp_path: Path):
    found = list(crew.work(tasks("", "die once", "", "")))
    assert len(found) == 4
    assert len(set(tries(tmp_path, 1))) == 2  # two processes


def test_a_text_that_kills_twice_is_an_error_with_the_last_words(crew: Crew):
    reason = "2 processes in a row died of row 1: exit code 3; out of luck"
    with pytest.raises(MeasureError, match=reason):
        list(crew.work(tasks("", "die", "", "")))


def test_after_an_error_nobody_works_on(crew: Crew, tmp_path: Path):
    with pytest.raises(MeasureError, match="died of row 0"):
        list(crew.work(tasks("die", *["slow"] * 200)))
    assert len(list((tmp_path / "seen").iterdir())) < 100
