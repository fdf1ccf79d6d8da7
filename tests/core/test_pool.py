"""Worker processes, with toys in the place of work."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecompress.core.pool import Pool, WorkerDied

TOY = """
import json, os, sys
for line in sys.stdin:
    task = json.loads(line)
    seen = f"{task['row']}.seen"
    first = not os.path.exists(seen)
    open(seen, "a").close()
    if task["text"] == "die" or (task["text"] == "die once" and first):
        sys.exit("out of luck")
    print(json.dumps({"row": task["row"], "pid": os.getpid()}), flush=True)
"""


@pytest.fixture
def pool(tmp_path: Path, monkeypatch) -> Iterator[Pool]:
    monkeypatch.chdir(tmp_path)
    with Pool(2, [sys.executable, "-c", TOY], {}, tmp_path) as made:
        yield made


def tasks(*texts: str):
    return [{"row": row, "text": text} for row, text in enumerate(texts)]


def test_a_task_comes_back_with_its_reply(pool):
    found = list(pool.work(tasks(*"abcdefg")))
    assert sorted(task["row"] for task, _ in found) == list(range(7))
    assert all(task["row"] == reply["row"] for task, reply in found)


def test_what_kills_two_workers_is_told_and_the_others_are_done(pool):
    found = {task["text"]: reply for task, reply in pool.work(tasks("a", "die", "b", "die once"))}
    assert isinstance(found["die"], WorkerDied)
    assert "exit code 1; out of luck" in str(found["die"])
    assert [found[text]["row"] for text in ("a", "b", "die once")] == [0, 2, 3]


def test_who_stops_listening_ends_the_work(pool):
    for task, _ in pool.work(tasks(*["a"] * 100)):
        assert task["text"] == "a"
        break
    assert len(list(Path().glob("*.seen"))) < 20
