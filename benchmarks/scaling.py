"""What a row costs as rows and workers grow: training, beside Hugging Face's Trainer, and attacks.

    python benchmarks/scaling.py [--rounds 3] [--only training attacks] [--most 100000]

Every point is a process of its own, so that its peak memory is its own, and the points of a round
come in an order drawn anew. The network is the made-up tiny BERT: with it, what a loop does around
its network is most of the time, so that a cost that grows with the rows would show. Texts are
sentences of IMDb reviews. Training takes one epoch in batches of 32. Attacks are DeepWordBug, the
start of the workers included; benchmarks/attacks.py puts them beside stock TextAttack.

The result goes to stdout and to benchmarks/results/scaling.json: milliseconds a row (median of the
rounds), and by how many megabytes the peak of memory grew while the rows were worked on.
"""

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is no installed package

from edgecompress.core.progress import Silent  # noqa: E402  (after the line above)
from edgecompress.data.resources import Resources  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.workflow.places import cache_folder  # noqa: E402

RESULT = Path(__file__).parent / "results" / "scaling.json"
TRAINED = (1_000, 10_000, 100_000)
ATTACKED = (50, 500, 5_000)
STOPS = re.compile(r"(?<=[.!?])\s+")
SEED = 7
MEGABYTE = 1024  # in the unit of ru_maxrss


@dataclass(frozen=True)
class Point:
    """One measurement."""

    what: str  # "training" or "attacks"
    who: str  # "ours", "trainer"; "1 worker", "2 workers"
    rows: int


def points(only: Sequence[str], most: int) -> list[Point]:
    """All that are asked for."""
    found = [Point("training", who, rows) for who in ("ours", "trainer") for rows in TRAINED]
    for who in ("1 worker", "2 workers"):
        found += [Point("attacks", who, rows) for rows in ATTACKED]
    return [point for point in found if point.what in only and point.rows <= most]


def texts(count: int) -> list[str]:
    """So many sentences."""
    file = Resources(cache_folder(), Silent()).folder("imdb") / "train.jsonl"
    found: list[str] = []
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            found += [one for one in STOPS.split(json.loads(line)["text"]) if one.strip()]
            if len(found) >= count:
                return found[:count]
    raise ValueError(f"IMDb has {len(found):,} sentences only")


def measure(point: Point) -> dict[str, float]:
    """In this process."""
    prepare = {"training": _training, "attacks": _attacks}[point.what]
    with tempfile.TemporaryDirectory() as place:
        work = prepare(point, Path(place))
        before = _peak_mb()
        seconds = work()
    return {"ms_a_row": 1000 * seconds / point.rows, "grown_mb": _peak_mb() - before}


def _peak_mb() -> float:
    """Of this process and of its largest child."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(one).ru_maxrss for one in who) / MEGABYTE


def _training(point: Point, place: Path) -> Callable[[], float]:
    import numpy as np

    from benchmarks.training import Work, seconds_of_ours, seconds_of_trainer
    from edgecompress.core.texts import TextSet
    from edgecompress.data.tiny import make_tiny_bert
    from edgecompress.runtime.text import TextEncoder
    from edgecompress.training.batches import TokenRows

    make_tiny_bert(place)
    found = tuple(texts(point.rows))
    labels = np.random.default_rng(0).integers(2, size=len(found))
    rows = TokenRows.of(TextSet("train", found, labels, found, ""), TextEncoder(place, 64))
    threads = len(os.sched_getaffinity(0))
    work = Work(place, ("negative", "positive"), rows, 32, 64, threads)
    return partial({"ours": seconds_of_ours, "trainer": seconds_of_trainer}[point.who], work)


def _attacks(point: Point, place: Path) -> Callable[[], float]:
    from edgecompress.attacks.campaign import Campaign
    from edgecompress.attacks.crew import local_crew
    from edgecompress.attacks.method import Method, Target
    from edgecompress.data.named import NamedSources
    from edgecompress.recipe.attacking import WORD_LISTS
    from edgecompress.store.store import Store
    from edgecompress.workflow.keeping import Keeper

    target = Target("candidate", "tiny", _classifier(place))
    usual = [text for text in texts(4 * point.rows) if 3 < len(text.split()) < 40]
    rows = tuple((text, 0) for text in usual[: point.rows])
    lists = NamedSources(place, Resources(cache_folder(), Silent())).place(WORD_LISTS)
    keep = Keeper(Store(place / "store", Silent()))

    def seconds() -> float:
        began = time.perf_counter()
        with local_crew(int(point.who[0]), lists) as crew:
            Campaign(rows, SEED, crew, keep, Silent()).outcomes(Method("deepwordbug"), target)
        return time.perf_counter() - began

    return seconds


def _classifier(place: Path) -> Path:
    """The tiny BERT as an ONNX graph; what it answers does not matter."""
    from edgecompress.core.artifact import Artifact
    from edgecompress.data.tiny import make_tiny_bert
    from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, save_model
    from edgecompress.recipe.shipping import Export
    from edgecompress.stages import export
    from edgecompress.stages.context import StageContext

    source, model, out = (place / name for name in ("source", "model", "out"))
    for folder in (source, model, out):
        folder.mkdir()
    make_tiny_bert(source)
    labels = ("negative", "positive")
    save_model(load_pretrained(source, labels, seed=7), model)
    copy_tokenizer(source, model, 64)
    artifact = Artifact("torch-model", "", "tiny", model, (), {})
    ctx = StageContext(out, place, labels, {}, seed=7, threads=1, progress=Silent())
    export.run(artifact, Export(kind="export"), ctx)
    return out


def in_a_process(point: Point) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--point", json.dumps(asdict(point))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def curves(asked: Sequence[Point], rounds: int) -> list[dict[str, Any]]:
    """The median of the rounds at every point."""
    order = random.Random(0)
    found: dict[Point, list[dict[str, float]]] = {point: [] for point in asked}
    for number in range(1, rounds + 1):
        for point in order.sample(list(asked), len(asked)):
            found[point].append(in_a_process(point))
            print(f"round {number}: {point} {found[point][-1]}", file=sys.stderr, flush=True)
    return [
        {
            **asdict(point),
            "ms_a_row": round(statistics.median(one["ms_a_row"] for one in seen), 4),
            "grown_mb": round(statistics.median(one["grown_mb"] for one in seen), 1),
            "rounds": [round(one["ms_a_row"], 4) for one in seen],
        }
        for point, seen in found.items()
    ]


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", choices=("training", "attacks"), default=["training", "attacks"]
    )
    parser.add_argument("--most", type=int, default=max(TRAINED), help="rows of a point at most")
    parser.add_argument("--point", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.point:
        print(json.dumps(measure(Point(**json.loads(arguments.point)))))
        return
    load = round(os.getloadavg()[0], 2)
    began = time.perf_counter()
    result = {
        "points": curves(points(arguments.only, arguments.most), arguments.rounds),
        "load_before": load,  # of 1 minute; well above 0 means that others were at work
        "minutes": round((time.perf_counter() - began) / 60, 1),
        "environment": environment(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
