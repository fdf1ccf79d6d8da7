"""Does a search find students that are robust? Evolution, random search and plain distillation.

    python benchmarks/search_demo.py [RECIPE] [--store DIR] [--seeds 3] [--finalists 1]

The same budget for evolution and for students drawn at random; then the winner of each and a plain
student of equal latency, trained as long as the recipe says from several seeds, are attacked anew
by every attack of the recipe's gate, on rows that no search has seen. Whatever is finished is found
again: a run that was stopped goes on with the same command.

Chosen before any figure was seen. The winner of a search is the student with the highest mean under
attack on validation rows, among those of its front that were trained most often, if it is at most 2
points less accurate than the most accurate of them. The plain student keeps evenly spread layers,
all their heads, and as many neurons in each; it is the smallest such one that is no faster than the
winner, by the table of latencies that the search went by, so that a doubt is to its good. It is cut
from the same model and trained for as many epochs as the winner, without an adversary. Trainings
by which the searches chose their winners are among those compared, on rows that had no part in it.

Differences are means over seeds and rows, with a bootstrap of both. A difference whose whole
interval lies on one side of zero is told as one; the loss of accuracy is held against 2 points.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: idle threads would spin
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # `benchmarks` is no installed package

import numpy as np  # noqa: E402  (after the lines above)

from benchmarks.judge import TEACHER, Stages, compared, differences  # noqa: E402
from benchmarks.search_table import MOST_LOST, markdown, write_section  # noqa: E402
from edgecompress.cli.console import console  # noqa: E402
from edgecompress.core.errors import InputError  # noqa: E402
from edgecompress.recipe.reading import read_recipe  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.search.course import Candidate  # noqa: E402
from edgecompress.search.growth import Box, growth  # noqa: E402
from edgecompress.search.subnetworks import Cut, Subnetwork, SubnetworkSpace  # noqa: E402
from edgecompress.search.taught import Taught, TaughtSpace  # noqa: E402
from edgecompress.store.sealing import write_durably  # noqa: E402
from edgecompress.workflow.candidates import task_of  # noqa: E402
from edgecompress.workflow.finalists import judge_finalists, require_judgeable  # noqa: E402
from edgecompress.workflow.search import Found, local, search_recipe  # noqa: E402
from edgecompress.workflow.searched import told, write_search  # noqa: E402
from edgecompress.workflow.workspace import Workspace  # noqa: E402

NEURONS = 16  # multiples
PAIRS = (("winner", "plain"), ("winner", "random"), ("winner", TEACHER))


def winner_of(found: Found) -> Candidate[Any]:
    """See the top of this file."""
    front = found.course.front()
    if not front:
        raise InputError("no student has all goals: nothing can be compared")
    most = max(len(one.found) for one in front)
    sure = [one for one in front if len(one.found) == most]
    floor = max(one.value("accuracy") for one in sure) - MOST_LOST
    fit = [one for one in sure if one.value("accuracy") >= floor]
    return max(fit, key=lambda one: (one.value("robustness"), one.name))


def plain_of(found: Found, latency_ms: float) -> Any:
    """The smallest plain student that is no faster than this; see the top of this file.

    A genome of the search's space.
    """
    student = _plain_shape(found, latency_ms)
    if isinstance(found.course.evolution.space, TaughtSpace):
        return Taught(student, 0.0)
    return student


def _plain_shape(found: Found, latency_ms: float) -> Subnetwork:
    space, costs = found.space, found.course.costs
    if not isinstance(space, SubnetworkSpace):
        raise InputError("search.space: only subnetworks have a plain student of equal latency")
    for depth in range(1, 1 + len(space.shape.heads)):
        for neurons in range(NEURONS, 1 + max(space.shape.intermediate), NEURONS):
            genome = _plain(space, depth, neurons)
            whole = _plain(space, depth, max(space.shape.intermediate))
            if costs(whole)["latency_ms"] < latency_ms:
                break  # too shallow, however wide
            if costs(genome)["latency_ms"] >= latency_ms:
                return genome
    return _plain(space, len(space.shape.heads), max(space.shape.intermediate))


def _plain(space: SubnetworkSpace, depth: int, neurons: int) -> Subnetwork:
    shape = space.shape
    kept = np.linspace(0, len(shape.heads) - 1, depth).round().astype(int).tolist()
    widths = [(k, shape.heads[k], min(neurons, shape.intermediate[k])) for k in kept]
    return Subnetwork(tuple(Cut(*width) for width in widths), None)


def train(students: Mapping[str, Stages], evolved: Found, ws: Workspace, seeds: int) -> None:
    """Into the store, each on one thread: so two are made in less time than one after the other."""
    told = {**task_of(evolved.file, ws), "rung": "train"}
    tasks = [
        {**told, "stages": stages, "seed": seed}
        for seed in range(seeds)
        for stages in students.values()
    ]
    with local(ws) as pool, ws.progress.track("trainings", len(tasks), "students") as bar:
        for _ in pool.work(tasks):
            bar.advance()


def document(evolved: Found, drawn: Found, genomes: Mapping[str, Any]) -> dict[str, Any]:
    """What both searches came to, and who is compared."""
    box = Box.around([evolved.course, drawn.course])
    assert box is not None, "winners have all goals"
    space, costs = evolved.course.evolution.space, evolved.course.costs
    searches = {
        name: {
            "students": len(found.course.students),
            "failed": sum(bool(one.failed) for one in found.course.students),
            "front": len(found.course.front()),
            "hypervolume": growth(found.course, box)[-1][1],
            "seconds_of_work": found.course.evaluations.seconds,
            "workers": found.workers,
        }
        for name, found in (("evolution", evolved), ("random", drawn))
    }
    models = {
        name: {"made_of": space.described(genome), **costs(genome)}
        for name, genome in genomes.items()
    }
    return {"searches": searches, "models": models, "environment": environment()}


def main() -> None:
    """Search twice, train and attack the winners, and tell all of it."""
    asked, began = _asked(), time.monotonic()
    ws = Workspace.open(asked.store, console(quiet=False, color=False))
    file = read_recipe(asked.recipe)
    require_judgeable(file)
    drawn = search_recipe(file, ws, random=True)
    evolved = search_recipe(file, ws)
    judge_finalists(evolved, ws, asked.finalists)
    page = write_search(told(evolved, ws), None)
    winner, lucky = winner_of(evolved), winner_of(drawn)
    plain = plain_of(evolved, winner.costs["latency_ms"])
    genomes = {"winner": winner.genome, "plain": plain, "random": lucky.genome}
    students = {name: evolved.stages(genome) for name, genome in genomes.items()}
    train(students, evolved, ws, asked.seeds)
    right = compared(evolved.frame, ws, students, asked.seeds)
    found = {
        "recipe": {"name": file.recipe.name, "digest": file.digest},
        "seeds": asked.seeds,
        "winner": winner.name,
        **document(evolved, drawn, genomes),
        "values": {
            name: {measure: [float(one[measure].mean()) for one in each] for measure in each[0]}
            for name, each in right.items()
        },
        "differences": differences(right, PAIRS),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(markdown(found))
    ws.progress.say(f"report: {page}")
    asked.out.mkdir(parents=True, exist_ok=True)
    write_durably(asked.out / "search-demo.json", json.dumps(found, indent=1) + "\n")
    if asked.out == HERE / "results":
        write_section(HERE / "README.md", markdown(found))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    demo = HERE.parent / "recipes" / "search-demo.yaml"
    parser.add_argument("recipe", type=Path, nargs="?", default=demo)
    parser.add_argument("--store", type=Path, help="else the user's")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each that is compared")
    parser.add_argument("--finalists", type=int, default=1, help="before the recipe's gate")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
