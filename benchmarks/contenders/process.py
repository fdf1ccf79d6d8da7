"""The process of one contender: JSON lines in, JSON lines out, one at a time, until stdin ends.

    python -m benchmarks.contenders.process NAME WORK THREADS STARTED_NS

Line 0, unasked: cold_start_ms from STARTED_NS (the parent's `time.monotonic_ns()`) to the first
answer, and the most memory held until then. Then for each line of the parent:

{"time": FEEDS, "warm_up": n}      seconds of each answer, by the wall and the CPU clock
{"answer": ROLE, "batch": n}       logits of all texts of a role
FEEDS is {"made_up": [b, s], "seed": n, "calls": n} or {"rows": [i, ...]}: one text at a time.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import CONTENDERS, also
from benchmarks.contenders.work import Answer, Feed, Rows, Work, made_up

FIRST = (1, 24)  # tokens of about a review


def main() -> None:
    """Make, load, answer."""
    name, folder, threads, started_ns = sys.argv[1:]
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    work = Work.read(Path(folder))
    contender = CONTENDERS.get(name) or also(name)
    module = import_module(f"benchmarks.contenders.{contender.module}")
    made = work.made(name, lambda work, out: module.make(contender.how, work, out))
    if threads == "make":
        return
    answer: Answer = module.load(contender.how, made, work, int(threads))
    answer(made_up(*FIRST, work.vocab_size, seed=0))
    answered = time.monotonic_ns()
    first = {
        "cold_start_ms": (answered - int(started_ns)) / 1e6,
        "peak_rss_bytes": _peak_rss_bytes(),
        "bytes": sum(file.stat().st_size for file in module.weights(contender.how, made, work)),
    }
    print(json.dumps(first), file=told)
    for line in sys.stdin:
        print(json.dumps(_did(json.loads(line), answer, work)), file=told)


def _did(asked: dict[str, Any], answer: Answer, work: Work) -> dict[str, Any]:
    if "answer" in asked:
        batches = work.rows(asked["answer"]).batches(asked["batch"])
        return {"logits": np.concatenate([answer(feed) for feed in batches]).tolist()}
    feeds = list(_feeds(asked["time"], work))
    for feed in feeds[: asked["warm_up"]]:
        answer(feed)
    times = [_timed(answer, feed) for feed in feeds]
    return {"wall_s": [wall for wall, _ in times], "cpu_s": [cpu for _, cpu in times]}


def _feeds(asked: dict[str, Any], work: Work) -> Iterator[Feed]:
    if "rows" in asked:
        rows: Rows = work.rows("test")
        yield from (rows.feed([row]) for row in asked["rows"])
        return
    for call in range(asked["calls"]):
        yield made_up(*asked["made_up"], work.vocab_size, asked["seed"] + call)


def _timed(answer: Answer, feed: Feed) -> tuple[float, float]:
    """Of the whole process, since a library may answer on threads of its own."""
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    answer(feed)
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    return wall / 1e9, cpu / 1e9


def _peak_rss_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
