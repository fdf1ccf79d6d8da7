"""What a second worker brings to a search, and what the search itself costs beside its trainings.

    python benchmarks/search_scaling.py [RECIPE] [--rounds 3] [--only trainings fakes]

*Trainings*: the same search by one worker and by two, in turns, each on a fresh store that has the
teacher. RECIPE has a section `search`; else it is recipes/smoke.yaml with a small one, whose
students take seconds each: the start of the workers alone takes three. The wall time is the whole
search, that start included; `busy` is the work on students over all that the workers could have
done. Both cores must be free.

*Fakes*: a thousand students of a 12-layer BERT whose evaluations only sleep, by two real worker
processes with the real journal. What is left of the wall time beside the sleep, over the
evaluations, is what one costs the search; from that follow the shares for longer trainings. Memory
is that of the searching process after each generation.

The result goes to stdout and to benchmarks/results/search-scaling.json.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: idle threads would spin
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is no installed package

import psutil  # noqa: E402  (after the lines above)

from benchmarks.search_simulation import GOALS, SPACE, Students  # noqa: E402
from edgecompress.core.pool import Pool  # noqa: E402
from edgecompress.core.progress import Silent  # noqa: E402
from edgecompress.data.resources import Resources  # noqa: E402
from edgecompress.recipe.reading import RecipeFile, read_recipe  # noqa: E402
from edgecompress.recipe.searching import Search  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.search.course import Course  # noqa: E402
from edgecompress.search.evaluations import Evaluations  # noqa: E402
from edgecompress.search.evolution import Evolution  # noqa: E402
from edgecompress.store.record import Journal  # noqa: E402
from edgecompress.store.store import Store  # noqa: E402
from edgecompress.workflow.candidates import Frame  # noqa: E402
from edgecompress.workflow.places import cache_folder  # noqa: E402
from edgecompress.workflow.search import local, search_recipe  # noqa: E402
from edgecompress.workflow.workspace import Workspace  # noqa: E402

RESULT = Path(__file__).parent / "results" / "search-scaling.json"
SECTION = """\
search:
  student: 0
  objectives: [loyalty, params]
  population: 8
  budget: {evaluations: 24}
  elites: 0
  epochs: 8
"""
TRIED: Final = 1000
STUDENTS: Final = Students(train_s=0.0, spread=0.0)
POPULATION: Final = 50
SLEEP_S: Final = 0.1
WORKER: Final = f"""\
import json, sys, time
for line in sys.stdin:
    task = json.loads(line)
    time.sleep({SLEEP_S})
    print(json.dumps({{"values": task[task["rung"]], "seconds": {SLEEP_S}}}), flush=True)
"""
LONGER_S: Final = (5, 60, 600)
MEGABYTE: Final = 2**20


@dataclass
class Clock:
    """How long the workers of a search were there."""

    workers: int
    wall_s: float = 0.0

    @contextmanager
    def hire(self, ws: Workspace) -> Iterator[Pool]:
        """As `search` does."""
        began = time.perf_counter()
        with local(ws, self.workers) as pool:
            yield pool
        self.wall_s = time.perf_counter() - began


def trainings(recipe: Path | None, rounds: int) -> dict[str, Any]:
    """The same search by one worker and by two."""
    with tempfile.TemporaryDirectory() as place:
        folder, seen = Path(place), dict[int, list[dict[str, float]]]()
        file = read_recipe(recipe or _small(folder))
        Frame.made(file, _workspace(folder / "ready"))
        for number in range(rounds):
            for workers in (1, 2) if number % 2 == 0 else (2, 1):
                shutil.copytree(folder / "ready", folder / "store")
                found = _searched(file, _workspace(folder / "store"), workers)
                seen.setdefault(workers, []).append(found)
                print(f"round {number}, {workers}: {found}", file=sys.stderr, flush=True)
                shutil.rmtree(folder / "store")
    lines = {w: {k: median(one[k] for one in each) for k in each[0]} for w, each in seen.items()}
    speed_up = lines[1]["wall_s"] / lines[2]["wall_s"]
    return {"recipe": file.recipe.name, "workers": lines, "rounds": seen, "speed_up": speed_up}


def _small(folder: Path) -> Path:
    path = folder / "smoke.yaml"
    path.write_text((ROOT / "recipes/smoke.yaml").read_text(encoding="utf-8") + SECTION)
    return path


def _workspace(store: Path) -> Workspace:
    return Workspace(Store(store, Silent()), Resources(cache_folder(), Silent()), Silent())


def _searched(file: RecipeFile, ws: Workspace, workers: int) -> dict[str, float]:
    clock = Clock(workers)
    evaluations = search_recipe(file, ws, clock.hire).course.evaluations
    return {
        "wall_s": clock.wall_s,
        "evaluations": evaluations.new,
        "seconds_each": evaluations.seconds / evaluations.new,
        "busy": evaluations.seconds / workers / clock.wall_s,
    }


def fakes(workers: int = 2) -> dict[str, Any]:
    """A thousand students whose evaluations only sleep."""
    asked = {
        "student": 0,
        "objectives": GOALS,
        "population": POPULATION,
        "budget": {"evaluations": TRIED},
        "elites": 0,
    }
    settings = Search.model_validate(asked)
    evolution: Evolution[Any] = Evolution(SPACE, 7, POPULATION, settings.crossover, lambda _: True)
    command = (sys.executable, "-c", WORKER)
    memory_mb: list[float] = []
    with (
        tempfile.TemporaryDirectory() as place,
        Pool(workers, command, os.environ, Path(place)) as pool,
    ):
        list(pool.work([{"rung": "none", "none": {}}] * workers))  # so that all have started
        evaluations = Evaluations(Journal(Path(place) / "search.jsonl"), pool, Silent())
        course = Course(settings, evolution, evaluations, STUDENTS.known, _told)
        began = time.perf_counter()
        course.run(partial(_remember, memory_mb))
        wall_s = time.perf_counter() - began
    own_s = (wall_s - evaluations.seconds / workers) / evaluations.new
    return {
        "students": len(course.students),
        "evaluations": evaluations.new,
        "own_ms_each": 1000 * own_s,
        "outside": [(s, own_s / (own_s + s / workers)) for s in (SLEEP_S, *LONGER_S)],
        "memory_mb": memory_mb,
        "grown_mb": memory_mb[-1] - memory_mb[len(memory_mb) // 5],
    }


def _remember(memory_mb: list[float], course: Course[Any], number: int) -> None:
    memory_mb.append(round(psutil.Process().memory_info().rss / MEGABYTE, 1))


def _told(genome: Any) -> dict[str, Any]:
    """What each rung finds of a student."""
    found = STUDENTS.tell(genome)
    goals = {"train": "accuracy", "attack": "robustness"}
    return {rung: {goal: {"value": found[goal]}} for rung, goal in goals.items()}


def markdown(found: Mapping[str, Any]) -> str:
    """Both parts, as far as they were measured."""
    lines = []
    if real := found.get("trainings"):
        lines += ["| workers | wall s | evaluations | s each | busy |", "|--:|--:|--:|--:|--:|"]
        for workers, one in real["workers"].items():
            told = f"{one['wall_s']:.0f} | {one['evaluations']:.0f} | {one['seconds_each']:.2f}"
            lines.append(f"| {workers} | {told} | {one['busy']:.0%} |")
        lines.append(f"\nTwo workers are {real['speed_up']:.2f} times as fast as one.\n")
    if fake := found.get("fakes"):
        lines += ["| an evaluation takes | share of the time outside |", "|--:|--:|"]
        lines += [f"| {s:g} s | {share:.2%} |" for s, share in fake["outside"]]
        lines.append(
            f"\n{fake['students']} students by two workers: {fake['own_ms_each']:.1f} ms of an "
            f"evaluation are the search's own; memory grew by {fake['grown_mb']:.1f} MB over the "
            "last four fifths."
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    both = ("trainings", "fakes")
    parser.add_argument("--only", nargs="+", choices=both, default=both)
    asked = parser.parse_args()
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    parts = {"fakes": fakes, "trainings": partial(trainings, asked.recipe, asked.rounds)}
    for part, measure in parts.items():  # fakes first, while nothing else has filled the memory
        if part in asked.only:
            load = round(os.getloadavg()[0], 2)  # well above 0: others were at work
            found[part] = {**measure(), "load_before": load}
    found["environment"] = environment()
    print(markdown(found))
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
