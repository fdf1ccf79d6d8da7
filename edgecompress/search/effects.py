"""Which choices went with an outcome: how much, and how sure that is.

Association, not cause. Students of an evolution descend from each other, and a choice is seldom
made alone, so what goes with an outcome may only have come along with what brought it about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from edgecompress.core.power import CONFIDENCE

FEWEST: Final = 12  # students, of whom anything is said
FEWEST_EACH: Final = 4  # of them with a choice, and as many without
RESAMPLES: Final = 2_000

Doubles = NDArray[np.float64]
Kind = Literal["difference", "correlation"]


@dataclass(frozen=True)
class Effect:
    """How one choice went with the outcome."""

    choice: str
    kind: Kind  # of means, with minus without; or Spearman's rho
    value: float
    low: float
    high: float
    n: int  # students
    having: int  # of them that made it; of a number all

    @property
    def decided(self) -> bool:
        """Whether the interval tells the direction."""
        return self.low > 0 or self.high < 0


def effects(
    choices: Sequence[Mapping[str, float]], outcomes: Sequence[float], seed: int
) -> list[Effect]:
    """One for each choice that enough students made differently; those that are decided first.

    Args:
        choices: of each student, all with the same names.
        outcomes: [n], of the same students.
        seed: of the resampling.
    """
    if len(outcomes) < FEWEST:
        return []
    y = np.array(outcomes, dtype=np.float64)
    found = []
    for number, name in enumerate(choices[0]):
        x = np.array([each[name] for each in choices], dtype=np.float64)
        if (effect := _effect(name, x, y, seed + number)) is not None:
            found.append(effect)
    return sorted(found, key=lambda one: (not one.decided, one.kind, -abs(one.value)))


def difference_of_means(
    first: Sequence[float], second: Sequence[float], seed: int
) -> tuple[float, float, float]:
    """Mean of the first minus that of the second, and its percentile bootstrap, 95 %.

    Each group is resampled by itself. Neither is empty.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for group in (np.array(first), np.array(second)):
        rows = rng.integers(len(group), size=(RESAMPLES, len(group)))
        drawn.append(group[rows].mean(axis=1))
    value = float(np.mean(first) - np.mean(second))
    return value, *_percentiles(drawn[0] - drawn[1])


def spearman(x: Doubles, y: Doubles, seed: int) -> tuple[float, float, float]:
    """Correlation of ranks, and its percentile bootstrap over pairs, 95 %; neither is constant."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(x), size=(RESAMPLES, len(x)))
    drawn = _rho(x[rows], y[rows])
    return float(_rho(x[None], y[None])[0]), *_percentiles(drawn[np.isfinite(drawn)])


def _rho(x: Doubles, y: Doubles) -> Doubles:
    """[resamples, n] of both -> [resamples]; NaN where one of them is constant."""
    ranks = [rankdata(each, axis=1) for each in (x, y)]
    a, b = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    with np.errstate(invalid="ignore"):
        rho: Doubles = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return rho


def _percentiles(drawn: Doubles) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _effect(name: str, x: Doubles, y: Doubles, seed: int) -> Effect | None:
    """None where too few chose otherwise."""
    if set(np.unique(x)) <= {0.0, 1.0}:
        having = int(x.sum())
        if min(having, len(x) - having) < FEWEST_EACH:
            return None
        numbers = difference_of_means(y[x == 1].tolist(), y[x == 0].tolist(), seed)
        return Effect(name, "difference", *numbers, len(x), having)
    most = max(np.unique(x, return_counts=True)[1])
    if len(x) - most < FEWEST_EACH or len(np.unique(y)) == 1:
        return None
    return Effect(name, "correlation", *spearman(x, y, seed), len(x), len(x))
