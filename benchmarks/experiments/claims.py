"""What a paper claims, what was seen, and whether that bears the claim out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from edgecompress.core.case import FloatArray

RESAMPLES = 4_000
CONFIDENCE = 0.95


class Verdict(StrEnum):
    """What the interval says of the claim."""

    REPRODUCED = "reproduced"
    NOT = "not reproduced"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Claim:
    """One ordering: it is claimed that `value` is at least `bound`."""

    test: int  # number in the plan of reproductions
    setting: str
    says: str
    paper: str  # the paper's figure, or what it says
    value: float
    low: float
    high: float
    bound: float
    unit: str
    n: int  # rows
    seeds: int
    detail: dict[str, Any]  # what the value was made of
    refused: str | None = None  # why the value means nothing, where it does

    @property
    def verdict(self) -> Verdict:
        """Only an interval on one side of the bound decides."""
        if self.refused:
            return Verdict.UNDECIDED
        if self.low >= self.bound:
            return Verdict.REPRODUCED
        return Verdict.NOT if self.high < self.bound else Verdict.UNDECIDED

    def as_json(self) -> dict[str, Any]:
        """With its verdict."""
        return asdict(self) | {"verdict": self.verdict.value}


def interval(by_seed: Sequence[FloatArray]) -> tuple[float, float, float]:
    """Mean over seeds and rows of paired differences, and its interval.

    Bootstrap in two levels: seeds are drawn, and for each the rows, which all seeds share; so
    neither a lucky seed nor a lucky text passes for a finding. With three seeds this is coarse.

    Args:
        by_seed: one [n] array of differences for each seed, over the same rows.
    """
    values = np.stack(by_seed)  # [seeds, n]
    chance = np.random.default_rng(0)
    seeds, n = values.shape
    means = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        drawn = chance.integers(seeds, size=seeds)
        rows = chance.integers(n, size=n)
        means[number] = values[drawn][:, rows].mean()
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [edge, 1 - edge])
    return float(values.mean()), float(low), float(high)
