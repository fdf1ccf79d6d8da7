"""Searches that look like real ones, in both spaces: made-up scores, genomes of the real spaces.

Layer 0 and attention are worth much under attack, width costs time; the rest is luck.
"""

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.pool import Done, Task
from edgecompress.core.progress import Silent
from edgecompress.core.report import RunReport
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.report.search import Finalist, SearchReport
from edgecompress.search.cells import CellGenome, CellSpace
from edgecompress.search.course import Candidate, Course
from edgecompress.search.evaluations import Evaluations
from edgecompress.search.evolution import Evolution
from edgecompress.search.genome import Shape
from edgecompress.search.replay import other_way
from edgecompress.search.subnetworks import Subnetwork, SubnetworkSpace
from tests.search.toys import Quick

ROOT = Path(__file__).parent.parent.parent
SHAPE = Shape(384, 32, (12,) * 6, (1536,) * 6, 30522, 512, 2, 2)
TEACHER = {
    "accuracy": {"value": 0.835, "low": 0.808, "high": 0.859, "n": 800},
    "loyalty": {"value": 1.0, "low": 0.995, "high": 1.0, "n": 800},
    "robustness": {"value": 0.17, "low": 0.109, "high": 0.255, "n": 100},
}
SECTION = """\
search:
  student: 0
  space: {kind: SPACE}
  population: 8
  budget: {evaluations: EVALUATIONS}
  elites: 3
  seeds: 3
"""


def searched(folder: Path, space: str, evaluations: int) -> RecipeFile:
    """The smoke recipe with a section `search`."""
    section = SECTION.replace("SPACE", space).replace("EVALUATIONS", str(evaluations))
    text = (ROOT / "recipes/smoke.yaml").read_text(encoding="utf-8") + section
    (folder / "robust.yaml").write_text(text, encoding="utf-8")
    return read_recipe(folder / "robust.yaml")


def cost(genome: Any) -> float:
    """Milliseconds."""
    if isinstance(genome, CellGenome):
        return 0.2 + genome.repeats * len(genome.nodes) * genome.width / 384 * 0.06
    assert isinstance(genome, Subnetwork)
    return 0.15 + sum(cut.heads * 0.008 + cut.neurons * 0.00012 for cut in genome.cuts)


def worth(genome: Any) -> float:
    """From 0 to 1."""
    if isinstance(genome, CellGenome):
        used = [op for op, _ in genome.nodes]
        return min(1.0, 0.2 + 0.5 * ("attention" in used) + 0.04 * genome.repeats)
    kept = {cut.layer for cut in genome.cuts}
    return min(1.0, 0.5 * (0 in kept) + 0.1 * len(kept))


def counted(share: float, n: int) -> dict[str, Any]:
    hits = round(min(1.0, max(0.0, share)) * n)
    low, high = wilson(hits, n)
    return {"value": hits / n, "low": low, "high": high, "n": n}


@dataclass
class Scorers:
    """Score a student by its genome and a little luck."""

    space: Any
    workers: int = 2
    refuses: int = 17  # the how-maniest training

    trained: int = 0

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        for task in tasks:
            self.trained += task["rung"] == "train"
            if self.trained == self.refuses and task["rung"] == "train":
                yield task, {"failed": "distill: the loss is not finite at step 40 </td><b>"}
                continue
            genome, luck = self.space.read(task["genome"]), random.Random(task["name"]).random()
            good = worth(genome)
            values = {"accuracy": counted(0.70 + 0.12 * good + 0.02 * luck, 800)}
            values |= {"loyalty": counted(0.78 + 0.12 * good + 0.02 * luck, 800)}
            if task["rung"] == "attack":
                values = {"robustness": counted(0.05 + 0.25 * good + 0.08 * luck, 100)}
            yield task, {"values": values, "seconds": 20 + 40 * cost(genome)}


def course(file: RecipeFile, folder: Path, *, drawn: bool = False) -> Course[Any]:
    """A whole search; the journal of the folder is shared."""
    section = file.recipe.search
    assert section
    space: Any = SubnetworkSpace(section.space, SHAPE)  # type: ignore[arg-type]
    if section.space.kind == "cells":
        space = CellSpace(section.space, SHAPE)
    evolution: Evolution[Any] = Evolution(
        space, 7, section.population, section.crossover, lambda _: True, drawn
    )
    evaluations = Evaluations(Quick(folder / "search.jsonl"), Scorers(space), Silent())
    made = Course(
        section,
        evolution,
        evaluations,
        lambda genome: {"params": float(space.params(genome)), "latency_ms": cost(genome)},
        lambda genome: {"genome": space.written(genome)},
    )
    made.run(lambda *_: None)
    return made


def attacked(kind: str, ours: int, teacher: int, transfer: int, n: int = 200) -> list[Verdict]:
    """What the check says of so many survivors; a tenth of the rows falls on one side alone."""

    def share(name: str, hits: int) -> Measurement:
        told = counted(hits / n, n)
        bounds = (told["value"], told["low"], told["high"])
        return Measurement(name, *bounds, "fraction", n, "wilson, 95 %", "test", part=kind)

    lost, won = n // 10 + max(0, teacher - ours), n // 10 + max(0, ours - teacher)
    low, high = paired_drop(lost, won, n)
    method = "tango paired score, 95 %"
    numbers = ((teacher - ours) / n, low, high, "fraction", n, method, "test")
    drop = Measurement("after_attack_drop", *numbers, part=kind)
    return [
        Verdict.of("attack", share("after_attack_accuracy", ours), None),
        Verdict.of("attack", drop, Limit(at_most=0.15)),
        Verdict.of("attack", share("teacher_after_attack_accuracy", teacher), None),
        Verdict.of("attack", share("transfer_accuracy", transfer), None),
    ]


def finalist(name: str, report: RunReport, *kinds: tuple[str, int, int, int]) -> Finalist:
    """With these kinds of attack: (kind, survivors, the teacher's, right on the teacher's)."""
    verdicts = [verdict for kind in kinds for verdict in attacked(*kind)]
    return Finalist(
        name, f"20261120-101500-{name}", replace(report, gate=GateReport(tuple(verdicts)))
    )


def full_search(folder: Path, report: RunReport, space: str = "subnetworks") -> SearchReport:
    """Evolution, random search, the plain student, three finalists that are read three ways."""
    file = searched(folder, space, 38)
    course(file, folder, drawn=True)
    main = course(file, folder)
    names = [one.name for one in main.front()]
    costs = {"params": 17.39e6, "latency_ms": 0.62}
    found = {0: {name: TEACHER[name] for name in ("accuracy", "loyalty", "robustness")}}
    return SearchReport(
        file,
        main,
        TEACHER,
        SHAPE,
        workers=2,
        beside=other_way(main, 2),
        plain=Candidate("plain", None, 0, costs, found),
        finalists=(
            finalist(names[0], report, ("deepwordbug", 70, 34, 150), ("pwws", 62, 30, 148)),
            finalist(names[1], report, ("deepwordbug", 140, 34, 90), ("pwws", 50, 38, 90)),
            finalist(names[2], report, ("deepwordbug", 66, 34, 150), ("pwws", 12, 50, 120)),
        ),
        environment={"cpu": "A Fictional CPU @ 2.00GHz", "cores": 2},
    )
