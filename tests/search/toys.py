"""A space whose best students are known, and workers that come and go as they like.

The two goals are those of ZDT1 (Zitzler, Deb & Thiele 2000, doi:10.1162/106365600568202) on digits:
nobody beats a student whose digits but the first are all 0, and there are ten of those.
"""

import json
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgecompress.core.pool import Done, Executor, Task, WorkerDied
from edgecompress.core.progress import Progress, Silent
from edgecompress.recipe.learning import Student
from edgecompress.recipe.searching import Search
from edgecompress.recipe.stage import StageSettings
from edgecompress.search.chance import Chance
from edgecompress.search.course import Course
from edgecompress.search.evaluations import Evaluations
from edgecompress.search.evolution import Evolution
from edgecompress.store.record import Journal

DIGITS = 6
Digits = tuple[int, ...]


class DigitSpace:
    """Six digits."""

    def drawn(self, chance: Chance) -> Digits:
        return tuple(chance.below(10) for _ in range(DIGITS))

    def mutated(self, genome: Digits, chance: Chance) -> Digits:
        at = chance.below(DIGITS)
        return (*genome[:at], chance.neighbour(genome[at], range(10)), *genome[at + 1 :])

    def crossed(self, one: Digits, other: Digits, chance: Chance) -> Digits:
        at = chance.below(DIGITS)
        return (*one[:at], *other[at:])

    def written(self, genome: Digits) -> Any:
        return list(genome)

    def read(self, values: Any) -> Digits:
        return tuple(values)

    def described(self, genome: Digits) -> str:
        return "".join(map(str, genome))

    def choices(self, genome: Digits) -> dict[str, float]:
        return {f"digit {place}": float(digit) for place, digit in enumerate(genome)}

    def params(self, genome: Digits) -> int:
        return sum(genome)

    def stages(self, genome: Digits, training: Student) -> Sequence[StageSettings]:
        return ()


def zdt1(digits: Sequence[int]) -> tuple[float, float]:
    """Both to be small; at the best the second is 1 minus the root of the first."""
    first = digits[0] / 9
    rest = 1 + sum(digits[1:]) / (DIGITS - 1)
    return first, rest * (1 - (first / rest) ** 0.5)


def best() -> set[str]:
    return {f"{first}{'0' * (DIGITS - 1)}" for first in range(10)}


class Quick(Journal):
    """A journal that does not wait for the disk."""

    def write(self, event: str, **facts: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **facts}) + "\n")


class Killed(BaseException):
    """As SIGKILL: nobody may catch it."""


@dataclass
class Workers:
    """Do tasks in an order of their own, and are killed before so many replies are taken."""

    seed: int = 0
    killed_after: int | None = None
    workers: int = 3
    deadly: tuple[str, ...] = ()  # students that kill whoever tries
    refused: tuple[str, ...] = ()  # students that cannot be trained
    done: list[str] = field(default_factory=list)

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        order = list(tasks)
        random.Random(f"{self.seed} {len(self.done)}").shuffle(order)
        for task in order:
            if self.killed_after is not None and len(self.done) >= self.killed_after:
                raise Killed
            self.done.append(task["name"])
            yield task, self._reply(task)

    def _reply(self, task: Task) -> dict[str, Any] | WorkerDied:
        made_of = "".join(map(str, task["digits"]))
        if made_of in self.deadly:
            return WorkerDied("exit code -9; it said nothing")
        if made_of in self.refused:
            return {"failed": "no such student"}
        small, other = zdt1(task["digits"])
        luck = 0.001 * task["seed"]
        values = {"accuracy": -other + luck, "loyalty": 0.5}
        if task["rung"] == "attack":
            values = {"robustness": -small + luck}
        return {"values": {name: {"value": v} for name, v in values.items()}, "seconds": 2.0}


def settings(**values: Any) -> Search:
    asked = {
        "student": 0,
        "population": 10,
        "objectives": ("robustness", "accuracy"),
        "budget": {"evaluations": 66},
        "survivors": 1.0,
        "elites": 3,
        "seeds": 3,
    }
    return Search.model_validate(asked | values)


def course(
    folder: Path,
    executor: Executor,
    progress: Progress | None = None,
    *,
    random: bool = False,
    **values: Any,
) -> Course[Digits]:
    """A search whose journal lies in the folder."""
    asked, space = settings(**values), DigitSpace()
    evolution = Evolution(
        space, 7, asked.population, asked.crossover, lambda digits: digits[1] < 9, random
    )
    journal = Quick(folder / "search.jsonl")
    evaluations = Evaluations(journal, executor, progress or Silent())
    costs = {"params": 1.0}
    return Course(asked, evolution, evaluations, lambda _: costs, lambda g: {"digits": list(g)})


def run(made: Course[Digits]) -> Course[Digits]:
    made.run(lambda *_: None)
    return made
