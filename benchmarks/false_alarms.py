"""How often does a rule cry wolf? One model against itself, by a stored number and by turns.

    python benchmarks/false_alarms.py MODEL [--runs 20] [--judgements 10] [--slower 1.15]

By a stored number: a fresh process answers 300 texts and keeps the median, as a benchmark in CI
does; the next one is called slower if its number is more than 5 % larger. Nothing has changed
between them, so every alarm is false. By turns: `bench MODEL --against MODEL`, also with so much
more CPU time spent on every answer, which must be seen. The result goes to stdout and to
benchmarks/results/false-alarms.json; it is worth most on a machine that has other work.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.core.errors import MeasureError
from edgecompress.core.gate import Limit, judge
from edgecompress.core.progress import Silent
from edgecompress.core.texts import Text
from edgecompress.core.turns import draw_texts, require_quiet
from edgecompress.runtime.machine import environment
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.bench import texts_of
from edgecompress.workflow.duel import Duel
from edgecompress.workflow.service import Service

RESULT = Path(__file__).parent / "results" / "false-alarms.json"
TOLERANCE = 0.05
ROWS = 600
ONE_RUN = """
import statistics, sys, time
from pathlib import Path
from edgecompress.runtime import EdgeModel
from edgecompress.runtime.golden import golden_text, read_golden
folder = Path(sys.argv[1])
model, texts, taken = EdgeModel.load(folder), list(map(golden_text, read_golden(folder))), []
for place in range(330):
    began = time.perf_counter()
    model.predict([texts[place % len(texts)]])
    taken.append(time.perf_counter() - began)
print(1000 * statistics.median(taken[30:]))
"""


class Slower:
    """A model whose every answer costs at least so many times its CPU time."""

    def __init__(self, model: EdgeModel, factor: float) -> None:
        self.model, self.factor = model, factor

    def predict(self, texts: Sequence[Text]) -> object:
        """The model's answer, later."""
        began = time.thread_time()
        answer = self.model.predict(texts)
        until = began + self.factor * (time.thread_time() - began)
        while time.thread_time() < until:
            pass
        return answer


def by_stored_numbers(model: Path, runs: int) -> dict[str, Any]:
    """Medians of fresh processes, each judged by the one before it."""
    command = [sys.executable, "-c", ONE_RUN, str(model)]
    taken = [float(subprocess.check_output(command, text=True)) for _ in range(runs)]
    steps = np.array(taken[1:]) / np.array(taken[:-1]) - 1
    return {
        "medians_ms": [round(one, 4) for one in taken],
        "comparisons": len(steps),
        "alarms": int((steps > TOLERANCE).sum()),
        "largest_step": round(float(np.abs(steps).max()), 4),
    }


def by_turns(model: Path, judgements: int, factor: float) -> dict[str, Any]:
    """Verdicts on the model against itself, once it takes `factor` times as long."""
    service, told, seen = Service(), Counter[str](), []
    for seed in range(judgements):
        duel = Duel(draw_texts(texts_of(model, None), ROWS, seed), Service(seed=seed), Silent())
        try:
            require_quiet(
                "bench",
                lambda attempt, duel=duel: duel.against_itself(
                    lambda: service.load(model), attempt
                ),
                1 + TOLERANCE,
            )
        except MeasureError:
            told["cannot judge"] += 1
            continue
        slow = duel.times(
            lambda: Slower(service.load(model), factor),  # type: ignore[arg-type, return-value]
            lambda: service.load(model),
            "",
            seed,
        )
        found = duel.slowdown(*slow)
        told[judge(found, Limit(at_most=TOLERANCE)).value] += 1
        seen.append([round(x, 4) for x in (found.value, found.low, found.high)])
    return {"judgements": judgements, "outcomes": dict(told), "slowdowns": seen}


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="a bundle")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--judgements", type=int, default=10)
    parser.add_argument("--slower", type=float, default=1.15)
    asked = parser.parse_args()
    result = {
        "load_before": round(os.getloadavg()[0], 2),
        "by_stored_numbers": by_stored_numbers(asked.model, asked.runs),
        "by_turns": by_turns(asked.model, asked.judgements, 1.0),
        f"by_turns_{asked.slower:g}_times": by_turns(asked.model, asked.judgements, asked.slower),
        "tolerance": TOLERANCE,
        "environment": environment(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
