"""What a large search costs before anybody pays for it: the real scheduler on simulated nodes.

    python benchmarks/search_simulation.py [--evaluations 2048] [--train-minutes 10] [--rounds 3]

Everything that decides is the code of `edgecompress search`: generations, halving, second tries,
elites (search/course.py, evaluations.py, evolution.py). Only who does the work is made up
(simulated_nodes.py), and so is what a student is good for: accuracy and robustness that later
layers matter less for, with noise. So hours, idle shares and losses are figures about scheduling;
what a front is worth compares populations of the same budget with each other, and says nothing of
a task of yours.

A student is a subnetwork of a 12-layer BERT. Its training takes `--train-minutes` if it is whole,
in proportion to its layers' weights but for a quarter; its attack four tenths of that. Lengths
scatter by a lognormal factor. The result goes to stdout, benchmarks/results/search-simulation.json,
and the table of docs/how-to/large-searches.md; figures are medians over rounds, each from its own
seed.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is no installed package

from benchmarks.search_table import write_section  # noqa: E402  (after the line above)
from benchmarks.simulated_nodes import HOUR_S, SimulatedNodes, World  # noqa: E402
from edgecompress.core.pool import Reply, Task  # noqa: E402
from edgecompress.core.progress import Silent  # noqa: E402
from edgecompress.recipe.searching import Search, Subnetworks  # noqa: E402
from edgecompress.search.course import Course  # noqa: E402
from edgecompress.search.evaluations import Evaluations  # noqa: E402
from edgecompress.search.evolution import Evolution  # noqa: E402
from edgecompress.search.genome import Shape  # noqa: E402
from edgecompress.search.growth import Box  # noqa: E402
from edgecompress.search.subnetworks import Subnetwork, SubnetworkSpace  # noqa: E402
from edgecompress.store.record import Journal  # noqa: E402

HERE = Path(__file__).parent
RESULT = HERE / "results" / "search-simulation.json"
PAGE = ROOT / "docs" / "how-to" / "large-searches.md"

BERT: Final = Shape(768, 64, (12,) * 12, (3072,) * 12, 30_522, 512, 2, 2)
SPACE: Final = SubnetworkSpace(Subnetworks(kind="subnetworks"), BERT)
ALWAYS: Final = 0.25  # share of a training that no layer can be cut out of
ATTACK: Final = 0.4  # of a training's length
NOISE: Final = 0.005  # of a measured accuracy or robustness
GOALS: Final = ("robustness", "accuracy", "latency_ms")


@dataclass(frozen=True)
class Scenario:
    """One line of the table."""

    world: World
    population: int
    elites: int = 3
    spread: float = 0.25  # of the logarithm of a student's length


class Unkept(Journal):
    """A journal without a disk: simulated searches are not resumed."""

    def write(self, event: str, **facts: Any) -> None:
        """Forget it."""


@dataclass(frozen=True)
class Students:
    """What the made-up students take and are good for."""

    train_s: float
    spread: float
    costs: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def known(self, genome: Subnetwork) -> Mapping[str, float]:
        """Before any training."""
        name = SPACE.described(genome)
        if name not in self.costs:
            params = SPACE.params(genome)
            latency_ms = 0.3 + 12 * _share(params - BERT.tables(genome.rank))
            self.costs[name] = {"params": params, "latency_ms": latency_ms}
        return self.costs[name]

    def length_s(self, task: Task) -> float:
        """Of one evaluation by a usual node."""
        whole = self.train_s * (ATTACK if task["rung"] == "attack" else 1.0)
        scatter = random.Random(f"length/{task['name']}").lognormvariate(0, self.spread)
        return whole * (ALWAYS + (1 - ALWAYS) * task["share"]) * scatter

    def answer(self, task: Task, seconds: float) -> Reply:
        """What is found of it."""
        goal = "robustness" if task["rung"] == "attack" else "accuracy"
        noise = random.Random(f"noise/{task['name']}").gauss(0, NOISE)
        values = {goal: {"value": task[goal] + noise}}
        return {"values": values, "seconds": seconds}

    def tell(self, genome: Subnetwork) -> Mapping[str, Any]:
        """As much of a student as made-up work needs."""
        kept = {cut.layer: (cut.heads / 12 * cut.neurons / 3072) ** 0.5 for cut in genome.cuts}
        lost = [(1 - kept.get(layer, 0.0)) ** 2 for layer in range(12)]
        blunt = sum(one * (12 - layer) for layer, one in enumerate(lost)) / 78
        weak = sum(one * (1 + layer % 4) for layer, one in enumerate(lost)) / 30
        share = _share(SPACE.params(genome) - BERT.tables(genome.rank))
        words = 0.0 if genome.rank is None else 0.01
        found = {"accuracy": 0.92 - 0.2 * blunt - words, "robustness": 0.45 - 0.35 * weak}
        return {**found, "share": share}


def _share(weights: int) -> float:
    """Of the weights behind the embeddings."""
    whole = tuple(SPACE.shape.heads), max(SPACE.shape.intermediate)
    layer = 4 * 768 * 768 + 2 * 768 * whole[1]
    return weights / (len(whole[0]) * layer)


def search(asked: Scenario, evaluations: int, train_s: float) -> tuple[Course[Any], SimulatedNodes]:
    """One whole search in simulated time."""
    settings = Search.model_validate(
        {
            "student": 0,
            "objectives": GOALS,
            "population": asked.population,
            "budget": {"evaluations": evaluations},
            "elites": asked.elites,
        }
    )
    students = Students(train_s, asked.spread)
    nodes = SimulatedNodes(asked.world, students.length_s, students.answer)
    evolution: Evolution[Subnetwork] = Evolution(
        SPACE, asked.world.seed, asked.population, settings.crossover, lambda _: True
    )
    with tempfile.TemporaryDirectory() as place:
        kept = Evaluations(Unkept(Path(place) / "none.jsonl"), nodes, Silent())
        course = Course(settings, evolution, kept, students.known, students.tell)
        course.run(lambda *_: None)
    nodes.close()
    return course, nodes


def told(course: Course[Any], nodes: SimulatedNodes, box: Box) -> dict[str, float]:
    """Figures of one search."""
    spent, cores = nodes.spent, nodes.world.cores
    paid_s = spent.paid * cores
    return {
        "hours": nodes.now_s / HOUR_S,
        "idle_share": 1 - (spent.useful + spent.lost + spent.starting) / paid_s,
        "lost_share": spent.lost / paid_s,
        "evaluations": course.evaluations.new,
        "repeated": spent.tries_lost - spent.given_up,
        "given_up": spent.given_up,
        "node_hours": spent.paid / HOUR_S,
        "generations": 1 + max(one.generation for one in course.students),
        "front": box.share([one.first for one in course.front() if 0 in one.found]),
    }


def scenarios(cores: int) -> list[Scenario]:
    """Sizes, then populations, failures, stragglers and elites at the largest."""
    one, eight, large = (World(nodes, cores) for nodes in (1, 8, 64))
    workers = 64 * cores
    usual = Scenario(large, 2 * workers)
    return [
        Scenario(one, 12),
        Scenario(eight, 2 * 8 * cores),
        Scenario(large, 12),
        *(Scenario(large, times * workers) for times in (1, 2, 3, 4)),
        *(
            replace(usual, world=replace(large, hours_between_failures=hours))
            for hours in (None, 4.0, 1.0)
        ),
        replace(usual, world=replace(large, slow_nodes=0.05)),
        replace(usual, spread=0.6),
        replace(usual, elites=64),
    ]


def simulated(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every scenario in each round; fronts of a round are measured in one box."""
    lines, every = scenarios(asked.cores), list[list[dict[str, float]]]()
    for seed in range(asked.rounds):
        began = time.process_time()
        made = []
        for line in lines:
            seeded = replace(line, world=replace(line.world, seed=seed))
            made.append(search(seeded, asked.evaluations, 60 * asked.train_minutes))
        box = Box.around([course for course, _ in made])
        assert box is not None, "students have all goals"
        every.append([told(course, nodes, box) for course, nodes in made])
        print(f"round {seed}: {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
    return [
        {
            **asdict(line.world),
            "population": line.population,
            "elites": line.elites,
            "spread": line.spread,
            **{name: median(one[name] for one in rounds) for name in rounds[0]},
        }
        for line, rounds in zip(lines, zip(*every, strict=True), strict=True)
    ]


def markdown(lines: Sequence[Mapping[str, Any]]) -> str:
    """The table of the page."""
    head = (
        "nodes x cores|population|a node fails|else|hours|idle|repeated|given up|node-hours|front"
    )
    rows = [head.split("|"), ["--:", "--:", "---", "---", *["--:"] * 6]]
    for one in lines:
        fails = one["hours_between_failures"]
        rows.append(
            [
                f"{one['nodes']} x {one['cores']}",
                f"{one['population']} ({one['generations']:.0f} generations)",
                "never" if fails is None else f"every {fails:.0f} h",
                _else(one),
                f"{one['hours']:.1f}",
                f"{one['idle_share']:.0%}",
                f"{one['repeated']:.0f}",
                f"{one['given_up']:.0f}",
                f"{one['node_hours']:.0f}",
                f"{one['front']:.2f}",
            ]
        )
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _else(one: Mapping[str, Any]) -> str:
    """What sets a line apart."""
    parts = []
    if one["slow_nodes"]:
        parts.append(f"{one['slow_nodes']:.0%} of the nodes at half speed")
    if one["spread"] > Scenario.spread:
        parts.append("lengths scatter widely")
    if one["elites"] > Scenario.elites:
        parts.append(f"{one['elites']} elites")
    return ", ".join(parts)


def main() -> None:
    """Simulate, print, and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=2048, help="trainings in all")
    parser.add_argument("--train-minutes", type=float, default=10.0, help="of a whole student")
    parser.add_argument("--cores", type=int, default=2, help="of a node")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    lines = simulated(asked)
    print(markdown(lines))
    document = {"asked": vars(asked), "scenarios": lines}
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    write_section(PAGE, markdown(lines), "search-simulation")


if __name__ == "__main__":
    main()
