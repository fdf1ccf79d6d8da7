"""All contenders at once, each in a process of its own with its own threads, asked in turns."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.contenders.work import Work

ROOT = Path(__file__).parent.parent.parent
WARM_UP = 3  # untimed answers that open a turn, since the others have emptied the caches
PAUSE_S = 0.02  # before a turn: threads of the one before may still spin
LAST_WORDS = 400  # characters of stderr that tell why somebody failed


class Failed(Exception):
    """A contender cannot take part, and why."""


class Process:
    """One contender."""

    def __init__(self, name: str, work: Work, threads: int) -> None:
        """Start it, and wait for its first answer.

        Raises:
            Failed: it has not come so far.
        """
        self.name = name
        self._log = work.folder / f"{name}.log"
        if not work.place(name).is_dir():
            preparing = _start([name, str(work.folder), "make", "0"], threads, self._log)
            if preparing.wait():
                raise Failed(self._last_words())
        command = [name, str(work.folder), str(threads), str(time.monotonic_ns())]
        self._child = _start(command, threads, self._log)
        self.first = self._heard()  # cold_start_ms, peak_rss_bytes, bytes

    def ask(self, **asked: Any) -> dict[str, Any]:
        """One line to it, one line from it; see contenders/process.py.

        Raises:
            Failed: it died over it.
        """
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(asked) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._last_words()) from None
        return self._heard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=60)

    def _heard(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise Failed(self._last_words())
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:LAST_WORDS] if lines else "it ended without a word"


def _start(arguments: Sequence[str], threads: int, log: Path) -> "subprocess.Popen[str]":
    count = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    with log.open("w") as heard:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contenders.process", *arguments],
            cwd=ROOT,
            env=os.environ | count | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=heard,
            text=True,
        )


Times = dict[str, Any]  # [turns, calls] seconds by each clock: wall_s, cpu_s


def in_turns(
    crew: Mapping[str, Process],
    feeds: Callable[[int], dict[str, Any]],
    turns: int,
    seed: int,
) -> tuple[dict[str, Times], dict[str, str]]:
    """Times of all of them on the same inputs; who goes first is drawn anew for each turn.

    Args:
        feeds: the FEEDS of the n-th turn, as contenders/process.py takes them.

    Returns:
        The times of those who came through, and why the others did not.
    """
    rng = np.random.default_rng(seed)
    taken: dict[str, Times] = {name: {"wall_s": [], "cpu_s": []} for name in crew}
    lost: dict[str, str] = {}
    for turn in range(turns):
        for name in rng.permutation(list(taken)).tolist():
            time.sleep(PAUSE_S)
            try:
                heard = crew[name].ask(time=feeds(turn), warm_up=WARM_UP)
            except Failed as error:
                lost[name] = str(error)
                del taken[name]
                continue
            for clock, seconds in heard.items():
                taken[name][clock].append(seconds)
    return taken, lost
