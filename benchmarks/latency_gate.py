"""The latency check on this very machine, loaded as it is: false alarms, and slowness it must see.

    python benchmarks/latency_gate.py MODEL [--gates 200] [--pairs 300] [--slower 1.15]

MODEL is the folder of an ONNX classifier; a bundle is one. It stands before the gate as its own
candidate, as it is and then with so much more CPU time spent on every answer. The limit is a
speed-up of at least 0.95. Counted are the gates by outcome, and those that refused to judge. The
result goes to stdout and to benchmarks/results/latency-gate.json. A gate of 300 pairs answers some
1,700 texts.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecompress.checks import latency
from edgecompress.core.case import Case, Contestant, FloatArray, Predictor
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.gate import Limit, judge
from edgecompress.core.texts import Text, TextSet
from edgecompress.data.tiny import tiny_reviews
from edgecompress.recipe.budget import Latency
from edgecompress.runtime.machine import environment
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.contestants import edge_contestant

RESULT = Path(__file__).parent / "results" / "latency-gate.json"
LIMIT = Limit(at_least=0.95)


@dataclass(frozen=True)
class Slower:
    """A model whose every answer costs so many times its CPU time."""

    model: Predictor
    factor: float

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        """Those of the model, later."""
        began = time.thread_time()
        answer = self.model.logits(texts)
        until = began + self.factor * (time.thread_time() - began)
        while time.thread_time() < until:
            pass
        return answer


def review_texts() -> TextSet:
    """Made-up reviews of a few to some dozen words."""
    texts = tuple(text for text, _ in tiny_reviews("test"))
    nowhere = ("made-up",) * len(texts)
    return TextSet("test", texts, np.zeros(len(texts), np.int64), nowhere, "")


def gates(ours: Predictor, model: Contestant, many: int, pairs: int) -> dict[str, object]:
    """Outcomes of so many gates of `ours` against the model, and the ratios that were seen."""
    candidate = Contestant("candidate", "candidate", ours, model.folder, 1, 1)
    told: Counter[str] = Counter()
    ratios = []
    for seed in range(many):
        data = {"test": review_texts()}
        case = Case(candidate, model, data, ("negative", "positive"), seed)
        try:
            found = measurements_of(latency.measure(case, Latency(check="latency", pairs=pairs)))
        except MeasureError:
            told["cannot judge"] += 1
            continue
        ratio = next(m for m in found if m.name == "latency_ratio")
        told[judge(ratio, LIMIT).value] += 1
        ratios.append([round(x, 4) for x in (ratio.value, ratio.low, ratio.high)])
    return {"gates": many, "outcomes": dict(told), "ratios": ratios}


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of an ONNX classifier")
    parser.add_argument("--gates", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--slower", type=float, default=1.15)
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    model = edge_contestant(arguments.model, "model")
    again = EdgeModel.load(arguments.model, threads=1, verify=False)  # a session of its own
    work = (model, arguments.gates, arguments.pairs)
    result = {
        "equals": gates(again, *work),
        f"{arguments.slower:g} times the CPU time": gates(Slower(again, arguments.slower), *work),
        "limit": str(LIMIT),
        "pairs": arguments.pairs,
        "load_before": load,  # of 1 minute; well above 0 means that others were at work
        "environment": environment(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
