"""Two hundred latency gates on a simulated machine with neighbours.

The check runs as it is, on a clock that is ours: the machine's speed drifts (every answer shares
most of its luck with the one before), neighbours come in bursts, single answers stumble.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from edgecompress.checks import latency
from edgecompress.core import turns
from edgecompress.core.case import Case, FloatArray
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.gate import Limit, Outcome, judge
from edgecompress.core.texts import Text
from edgecompress.recipe.budget import Latency
from edgecompress.runtime.timing import Elapsed
from tests.fakes import contestant, texts

GATES = 200
NO_SLOWER = Limit(at_least=0.95)  # 5 % of room, which equals need to hold at all
WORDS = np.random.default_rng(0).integers(4, 40, 300)  # of each text


@dataclass
class Machine:
    """Seconds of CPU and of wall time that pass while somebody works."""

    rng: np.random.Generator
    cpu_s: float = 0.0
    wall_s: float = 0.0
    drift: float = 0.0  # of the logarithm of the speed
    burst: int = 0  # answers until the neighbours are gone
    luck: list[float] = field(default_factory=list)

    def work(self, seconds: float) -> None:
        if not self.luck:
            self.luck = self.rng.normal(size=1000).tolist()
        self.drift = 0.97 * self.drift + 0.02 * self.luck.pop()
        if not self.burst and self.rng.random() < 0.005:
            self.burst = int(self.rng.integers(20, 200))
        self.burst = max(0, self.burst - 1)
        stumble = 3.0 if self.rng.random() < 0.02 else 1.0
        cpu = seconds * np.exp(self.drift + 0.05 * self.rng.normal()) * stumble
        cpu *= 1.25 if self.burst else 1.0  # they empty the caches
        self.cpu_s += cpu
        self.wall_s += cpu * (self.rng.uniform(1.5, 3) if self.burst else 1.0)

    def time_call(self, call: Callable[[], object]) -> Elapsed:
        wall, cpu = self.wall_s, self.cpu_s
        call()
        return Elapsed(self.wall_s - wall, self.cpu_s - cpu)


@dataclass
class Worker:
    """A predictor whose answers cost time by the word."""

    machine: Machine
    ms: float

    def logits(self, rows: Sequence[Text]) -> FloatArray:
        for row in rows:
            self.machine.work(self.ms * (0.3 + WORDS[int(str(row))] / 30) / 1000)
        return np.zeros((len(rows), 2), np.float32)


def gate(seed: int, slower: float, monkeypatch) -> Outcome | None:
    """A candidate that takes `slower` times as long as its teacher; None if nobody can judge."""
    machine = Machine(np.random.default_rng(seed))
    monkeypatch.setattr(turns, "time_call", machine.time_call)
    case = Case(
        contestant("candidate", Worker(machine, slower)),
        contestant("teacher", Worker(machine, 1.0)),
        {"test": texts([0] * len(WORDS))},
        ("a", "b"),
        seed,
    )
    try:
        found = measurements_of(latency.measure(case, Latency(check="latency")))
    except MeasureError:
        return None
    return judge({m.name: m for m in found}["latency_ratio"], NO_SLOWER)


@pytest.fixture
def told(monkeypatch):
    def shares(slower):
        found = [gate(seed, slower, monkeypatch) for seed in range(GATES)]
        return {outcome: found.count(outcome) / GATES for outcome in (*Outcome, None)}

    return shares


def test_a_candidate_as_fast_as_its_teacher_is_broken_in_at_most_1_percent(told):
    found = told(1.0)
    assert found[Outcome.BROKEN] <= 0.01
    assert found[None] <= 0.05  # and it is not by refusing to judge


def test_a_candidate_that_takes_15_percent_longer_is_flagged_in_at_least_95_percent(told):
    assert told(1.15)[Outcome.BROKEN] >= 0.95
