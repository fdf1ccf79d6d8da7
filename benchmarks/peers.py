"""Our bundle against what a user would pick instead: same network, same texts, same threads.

    python benchmarks/peers.py release [--threads 1 2] [--turns 20] [--only NAME ...]

BUNDLE is a released bundle; the network that it came from is taken from the store that made it
(--network names another folder), its texts are those of its --recipe. Each contender is a process
of its own; all of them are asked in turns, the same inputs in each turn, in an order drawn anew, so
that what else the machine does hits all of them. CPU time is that of a contender's whole process.

What is measured is the network: token ids in, logits out. Tokenizing and labels come on top and are
the same for all; `edgecompress bench` tells what ours adds. Every contender answers one text at a
time (`real` and 1x...) and batches without padding (8x32, 16x24); `ours` runs a batch text by text,
as `EdgeModel` does. Accuracy and label flips against PyTorch fp32 are of texts asked one by one,
and once more in padded batches of 16.

Raw times are kept below --work as each shape is done: a run that was stopped goes on there. Results
go to stdout, benchmarks/results/peers.json and .svg, and benchmarks/README.md. One that cannot be
installed or fails is listed with the reason. --also NAME=DIR adds another bundle of ours.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # of the probes; read once, by numpy
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # `benchmarks` is no installed package

import numpy as np  # noqa: E402  (after the lines above)

from benchmarks.contenders import CONTENDERS, OURS, REFERENCE  # noqa: E402
from benchmarks.contenders.crew import Failed, Process, in_turns  # noqa: E402
from benchmarks.contenders.picture import draw  # noqa: E402
from benchmarks.contenders.preparing import network_of, prepare, texts_of  # noqa: E402
from benchmarks.contenders.summary import summary  # noqa: E402
from benchmarks.contenders.table import markdown, write_between_marks  # noqa: E402
from benchmarks.contenders.work import Work  # noqa: E402
from edgecompress.cli.console import console  # noqa: E402
from edgecompress.core.errors import EdgeCompressError  # noqa: E402
from edgecompress.core.progress import Progress  # noqa: E402
from edgecompress.recipe.reading import read_recipe  # noqa: E402
from edgecompress.store.sealing import write_durably  # noqa: E402

SHAPES = ("1x8", "1x24", "1x128", "8x32", "16x24", "real")
CALLS = {"8x32": 4, "16x24": 4}  # in a turn; of single texts:
USUAL_CALLS = 10
BATCH = 16  # for flips in batches
SEED = 7


class Session:
    """What has been measured so far, and how to measure the rest."""

    def __init__(self, work: Work, names: list[str], starts: int, progress: Progress) -> None:
        self.work, self.names, self.starts, self.progress = work, names, starts, progress
        self.raw = work.folder / "raw" / work.digest[:12]
        self.raw.mkdir(parents=True, exist_ok=True)

    def measure(self, threads: int, shapes: list[str], turns: int) -> None:
        """All that is missing for so many threads."""
        missing = [shape for shape in shapes if not self._timed(f"t{threads}-{shape}", turns)]
        unanswered = [name for name in self.names if not (self.raw / f"of-{name}.json").exists()]
        if not missing and not unanswered:
            return
        with ExitStack() as stack:
            crew = self._crew(threads, stack)
            for name in unanswered:
                if name in crew:
                    self._keep(f"of-{name}", self._answers(crew[name], threads))
            for shape in missing:
                self.progress.say(f"{threads} thread(s), {shape}")
                times, lost = in_turns(crew, partial(self._feeds, shape), turns, SEED)
                for name, why in lost.items():
                    del crew[name]
                    self._keep(f"of-{name}", {"failed": why})
                self._keep(f"t{threads}-{shape}", {"turns": turns, "times": times})

    def _crew(self, threads: int, stack: ExitStack) -> dict[str, Process]:
        """Everybody who starts; why the others do not is kept."""
        crew = {}
        with self.progress.track("start", len(self.names), "contenders") as bar:
            for name in self.names:
                try:
                    crew[name] = stack.enter_context(Process(name, self.work, threads))
                except Failed as error:
                    self._keep(f"of-{name}", {"failed": str(error)})
                bar.advance(note=name)
        return crew

    def _answers(self, process: Process, threads: int) -> dict[str, Any]:
        """Logits of all test texts, alone and in batches, and a few fresh starts."""
        self.progress.say(f"answers of {process.name}")
        starts = [process.first]
        for _ in range(self.starts - 1):
            with Process(process.name, self.work, threads) as again:
                starts.append(again.first)
        return {
            "starts": starts,
            "alone": process.ask(answer="test", batch=1)["logits"],
            "batched": process.ask(answer="test", batch=BATCH)["logits"],
        }

    def _feeds(self, shape: str, turn: int) -> dict[str, Any]:
        calls = CALLS.get(shape, USUAL_CALLS)
        if shape == "real":
            texts = len(self.work.rows("test").labels)
            rng = np.random.default_rng((SEED, turn))
            return {"rows": rng.choice(texts, calls, replace=texts < calls).tolist()}
        return {"made_up": [int(n) for n in shape.split("x")], "seed": turn, "calls": calls}

    def _timed(self, name: str, turns: int) -> bool:
        """Whether everybody who can was timed there already."""
        if not (self.raw / f"{name}.json").exists():
            return False
        kept = self.read(name)
        out = {n for n in self.names if "failed" in self.read(f"of-{n}")}
        return kept["turns"] == turns and set(self.names) - out <= kept["times"].keys()

    def forget_failures(self) -> None:
        """Let those who failed try again."""
        for name in self.names:
            if "failed" in self.read(f"of-{name}"):
                (self.raw / f"of-{name}.json").unlink()

    def read(self, name: str) -> dict[str, Any]:
        """What was kept; empty if nothing was."""
        file = self.raw / f"{name}.json"
        kept: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
        return kept

    def _keep(self, name: str, value: Mapping[str, Any]) -> None:
        write_durably(self.raw / f"{name}.json", json.dumps(value))


def main() -> None:
    """Measure what is missing, then tell all of it."""
    asked = _asked()
    progress = console(quiet=False, color=False)
    others = dict(one.split("=", 1) for one in asked.also)
    bundles = {OURS: asked.bundle.resolve()} | {n: Path(d).resolve() for n, d in others.items()}
    network = asked.network or network_of(asked.bundle, asked.store, progress)
    texts = texts_of(read_recipe(asked.recipe), asked.rows, progress)
    work = prepare(asked.work.resolve(), bundles, network.resolve(), texts)
    names = list(dict.fromkeys([REFERENCE, OURS, *asked.only, *others]))
    session = Session(work, names, asked.starts, progress)
    if asked.retry:
        session.forget_failures()
    for threads in asked.threads:
        session.measure(threads, asked.shapes, asked.turns)
    found = summary(session.read, work, names, (asked.threads, asked.shapes))
    told = markdown(found)
    print(told)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_durably(asked.out / "peers.json", json.dumps(found, indent=1) + "\n")
    draw(found, asked.out / "peers.svg")
    if asked.out == HERE / "results":
        write_between_marks(HERE / "README.md", told)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path, nargs="?", default=HERE.parent / "release")
    parser.add_argument("--recipe", type=Path, default=HERE.parent / "recipes" / "quickstart.yaml")
    parser.add_argument("--network", type=Path, help="folder of the torch model")
    parser.add_argument("--store", type=Path, help="where the bundle's stages are kept")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1000, help="texts answered for accuracy")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each")
    parser.add_argument("--retry", action="store_true", help="let those who failed try again")
    parser.add_argument("--work", type=Path, default=HERE.parent / "build" / "peers")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except EdgeCompressError as error:
        sys.exit(str(error))
