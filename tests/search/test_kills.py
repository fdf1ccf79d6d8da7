"""SIGKILL at random moments of a search that trains nothing; tests/end_to_end has real ones."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from edgecompress.search.evaluations import EVENT
from edgecompress.store.record import Journal

COMMAND = [sys.executable, "-m", "tests.search.killable"]
TOTAL = 2 * 36  # each training has its attack


def start(folder: Path, repository: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, str(folder)], cwd=repository, start_new_session=True)


def names(folder: Path) -> list[str]:
    events = Journal(folder / "search.jsonl").events()
    return [event["name"] for event in events if event["event"] == EVENT]


def test_killed_at_three_random_moments_no_evaluation_is_lost_or_repeated(tmp_path, repository):
    once, killed = tmp_path / "once", tmp_path / "killed"
    once.mkdir()
    killed.mkdir()
    assert start(once, repository).wait() == 0
    rng, kept = random.Random(3), list[str]()
    for least in sorted(rng.sample(range(TOTAL - 10), 3)):
        running = start(killed, repository)
        while len(names(killed)) < least:
            assert running.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.05))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        now = names(killed)
        assert least <= len(now) < TOTAL
        assert now[: len(kept)] == kept
        kept = now
    assert start(killed, repository).wait() == 0
    assert sorted(names(killed)) == sorted(set(names(killed))) == sorted(names(once))
    told, known = ((folder / "outcome.json").read_text() for folder in (killed, once))
    assert json.loads(told) == json.loads(known)
