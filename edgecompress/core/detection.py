"""Does a model know when it should not be trusted? Its own scores, put to that test.

A score is good for detection when texts like the training's get higher ones than others do, and
for abstention when right answers get higher ones than wrong answers do.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from edgecompress.core.calibration import probabilities
from edgecompress.core.case import FloatArray
from edgecompress.core.intervals import Interval
from edgecompress.core.power import CONFIDENCE

Scores = NDArray[np.float64]
Counts = NDArray[np.int64]

RESAMPLES: Final = 1_000
ACCEPTED: Final = 0.95  # of the usual texts, at the threshold of `false_positives`
MOST_POINTS: Final = 50


def surety(logits: FloatArray) -> Scores:
    """The largest probability, [n]; 0 where a logit is not finite (Hendrycks and Gimpel 2017)."""
    answered = np.isfinite(logits).all(axis=1)
    return np.where(answered, probabilities(logits).max(axis=1), 0.0)


def negative_energy(logits: FloatArray) -> Scores:
    """logsumexp of the logits, [n]; it sees their size, which probabilities forget.

    Source: Liu et al. (2020), "Energy-based Out-of-distribution Detection", arXiv:2010.03759.
    """
    answered = np.isfinite(logits).all(axis=1, keepdims=True)
    safe = np.where(answered, logits, 0).astype(np.float64)
    return np.where(answered.ravel(), logsumexp(safe, axis=1), -np.inf)


@dataclass(frozen=True)
class Estimate:
    """A number and its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Separation:
    """How well a score tells usual texts from others."""

    auroc: Estimate  # chance that a usual text scores higher than another; ties count half
    false_positives: Estimate  # share of others above the threshold that keeps 95 % of the usual


def separation(usual: Scores, others: Scores, seed: int) -> Separation:
    """Both numbers, with percentile intervals over rows resampled in both sets."""
    values, places = np.unique(np.concatenate([usual, others]), return_inverse=True)
    ours, theirs = places[: len(usual)], places[len(usual) :]
    rng = np.random.default_rng(seed)

    def counted(where: Counts) -> Counts:
        return np.bincount(where, minlength=len(values))

    drawn = np.array(
        [
            _numbers(
                counted(ours[rng.integers(len(ours), size=len(ours))]),
                counted(theirs[rng.integers(len(theirs), size=len(theirs))]),
            )
            for _ in range(RESAMPLES)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    lows, highs = np.quantile(drawn, [tail, 1 - tail], axis=0)
    auroc, false_positives = (
        Estimate(value, (min(float(low), value), max(float(high), value)))
        for value, low, high in zip(
            _numbers(counted(ours), counted(theirs)), lows, highs, strict=True
        )
    )
    return Separation(auroc, false_positives)


def _numbers(usual: Counts, others: Counts) -> tuple[float, float]:
    """AUROC and false positives from how often each value was scored, the values rising."""
    below = np.cumsum(others) - others
    auroc = float((usual * (below + others / 2)).sum()) / (usual.sum() * others.sum())
    kept = np.cumsum(usual[::-1])[::-1]  # usual texts that score this or more
    threshold = int(np.flatnonzero(kept >= ACCEPTED * usual.sum())[-1])
    return auroc, float(others[threshold:].sum() / others.sum())


def coverage_curve(scores: Scores, right: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """(share answered, accuracy on it) as the least sure rows are left unanswered, from all down.

    Rows that score alike are answered together or not at all.
    """
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(right[order]), scores[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) + 1  # rows answered
    picked = np.unique(np.linspace(0, len(ends) - 1, MOST_POINTS).round().astype(int))
    return [(float(n / len(scores)), float(hits[n - 1] / n)) for n in ends[picked][::-1]]


def surest(scores: Scores, share: float) -> NDArray[np.int64]:
    """Places of the surest rows, `share` of all, rounded up; of equal rows the first ones."""
    wanted = int(np.ceil(share * len(scores)))
    return np.sort(np.argsort(-scores, kind="stable")[:wanted])
