"""The hands of an experiment: run an arm for each seed, and put two of them side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.experiments.arms import Laboratory, Made, Stages
from benchmarks.experiments.claims import Claim, interval
from edgecompress.core.bias import margin_of_chance
from edgecompress.core.case import FloatArray

Values = Callable[[Made], FloatArray]  # [n]: what of an arm is compared, row by row

RATE = 1e-4  # of all students, but for those below
BATCH = 16  # small, so that a short training still has hundreds of steps
BOTTOM = [0, 1, 2, 3, 4, 5]


@dataclass(frozen=True)
class Bench:
    """One laboratory and the seeds of its arms."""

    lab: Laboratory
    seeds: tuple[int, ...]

    def arms(self, name: str, stages: Stages) -> list[Made]:
        """The arm at every seed."""
        return self.lab.arms(name, stages, self.seeds)

    def student(self, kind: str, **settings: Any) -> dict[str, Any]:
        """A training stage with what all of them share."""
        setting = self.lab.setting
        shared = {"epochs": setting.epochs, "max_length": setting.max_length}
        return {"kind": kind, "learning_rate": RATE, "batch_size": BATCH} | shared | settings

    def right(self, made: Made) -> FloatArray:
        """1 where the arm is right on the test rows."""
        return self.lab.right(made.model)

    def guesses(self, right: FloatArray) -> bool:
        """Whether who is right on these rows is not clear of an answer that reads no text."""
        chance = 1 / len(self.lab.setting.labels)
        return float(right.mean()) < chance + margin_of_chance(chance, len(right))

    def contest(
        self,
        says: "Says",
        better: Sequence[Made],
        worse: Sequence[Made],
        values: Values | None = None,
    ) -> Claim:
        """Claim that one arm has the higher values, by at least `says.bound`, row by row."""
        of = values or self.right
        ours, theirs = [of(made) for made in better], [of(made) for made in worse]
        differences = [one - other for one, other in zip(ours, theirs, strict=True)]
        means = {
            says.better: [round(float(v.mean()), 4) for v in ours],
            says.worse: [round(float(v.mean()), 4) for v in theirs],
        }
        return self.claim(says, differences, means)

    def claim(
        self, says: "Says", by_seed: Sequence[FloatArray], detail: Mapping[str, Any]
    ) -> Claim:
        """Claim that the mean of these values is at least `says.bound`."""
        value, low, high = interval(by_seed)
        return Claim(
            test=says.test,
            setting=self.lab.setting.name,
            says=says.text or f"{says.better} above {says.worse}",
            paper=says.paper,
            value=value,
            low=low,
            high=high,
            bound=says.bound,
            unit=says.unit,
            n=len(by_seed[0]),
            seeds=len(by_seed),
            detail=dict(detail),
        )


@dataclass(frozen=True)
class Says:
    """The words of a claim, and the smallest value that bears it out; chosen beforehand."""

    test: int
    better: str
    worse: str
    paper: str
    bound: float = 0.0
    unit: str = "share"
    text: str = ""
