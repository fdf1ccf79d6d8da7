"""Calibration: of answers given with 80 % confidence, 80 % should be right.

Errors are told in bins of equally many rows. An error over bins can only overstate, most of all for
a model without any: chance keeps every bin off its mean. Plain bootstrap intervals miss the truth
there every time, so the interval is the spread of resampled errors on both sides, and at the lower
end that overstatement besides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from edgecompress.core.case import FloatArray, IntArray, decisions
from edgecompress.core.intervals import Interval
from edgecompress.core.power import CONFIDENCE, z_of

BINS: Final = 15
RESAMPLES: Final = 1_000  # for a standard deviation, which settles sooner than quantiles do
LEAST_PROBABILITY: Final = 1e-12  # what a zero counts as, so that one row stays one row


@dataclass(frozen=True)
class Decided:
    """How sure a model was of its decision on each row, and whether it was right; both [n].

    A row whose logits are not finite is as wrong as can be: sure, and not right.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]

    @classmethod
    def of(cls, logits: FloatArray, truth: IntArray) -> "Decided":
        """From logits, [n, classes]."""
        return cls(probabilities(logits).max(axis=1), np.equal(decisions(logits), truth))

    def places(self) -> IntArray:
        """The bin of each row; there are fewer than 15 where many rows are equally sure."""
        edges = np.quantile(self.confidence, np.arange(1, BINS) / BINS)
        found: IntArray = np.searchsorted(np.unique(edges), self.confidence, side="left")
        return np.unique(found, return_inverse=True)[1]


def probabilities(logits: FloatArray, temperature: float = 1.0) -> NDArray[np.float64]:
    """[n, classes]; rows that are not finite are sure of the first class."""
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    soft = softmax(np.where(finite, logits, 0).astype(np.float64) / temperature, axis=1)
    certain = np.eye(1, logits.shape[1])
    found: NDArray[np.float64] = np.where(finite, soft, certain)
    return found


def expected_error(decided: Decided) -> float:
    """Mean distance of confidence from accuracy, over 15 bins of equally many rows.

    Source: Naeini et al. (2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI; equal-mass bins as in Nixon et al. (2019), arXiv:1904.01685.
    """
    return _over_bins(decided.places(), decided.confidence - decided.right)


def error_interval(decided: Decided, seed: int) -> Interval:
    """Of `expected_error`."""
    ours, half = expected_error(decided), _half_width([decided], seed)
    return max(0.0, ours - half - _overstated(decided)), min(1.0, ours + half)


def increase_interval(ours: Decided, teacher: Decided, seed: int) -> Interval:
    """Of the difference of two errors on the same rows, ours less the teacher's."""
    increase, half = (
        expected_error(ours) - expected_error(teacher),
        _half_width([ours, teacher], seed),
    )
    return (
        max(-1.0, increase - half - _overstated(ours)),
        min(1.0, increase + half + _overstated(teacher)),
    )


def _over_bins(places: IntArray, off: NDArray[np.float64]) -> float:
    return float(np.abs(np.bincount(places, off)).sum() / len(off))


def _half_width(models: Sequence[Decided], seed: int) -> float:
    """Of the error of one model, or of the difference of two, over resampled rows."""
    rng = np.random.default_rng(seed)
    off = [(one.places(), one.confidence - one.right) for one in models]
    n = len(models[0].right)
    drawn = np.empty((RESAMPLES, len(models)))
    for sample in drawn:
        rows = rng.integers(0, n, size=n)
        sample[:] = [_over_bins(places[rows], gaps[rows]) for places, gaps in off]
    resampled = drawn[:, 0] - drawn[:, 1:].sum(axis=1)
    z = z_of(CONFIDENCE)
    # Rows that are all alike say nothing of rows that were not seen: z² of the worst could be.
    return max(z * float(resampled.std()), z**2 / (n + z**2))


def _overstated(decided: Decided) -> float:
    """The error that chance alone would show if these confidences were perfectly calibrated.

    A mean of n draws lies sqrt(2 / pi) standard errors off its expectation on average.
    """
    sure = decided.confidence
    variances = np.bincount(decided.places(), sure * (1 - sure))
    return math.sqrt(2 / math.pi) * float(np.sqrt(variances).sum()) / len(sure)


def reliability(decided: Decided) -> list[dict[str, Any]]:
    """Each bin from the least sure to the surest, as the exhibit "reliability" holds it."""
    places = decided.places()
    return [
        {
            "low": float(decided.confidence[rows].min()),
            "high": float(decided.confidence[rows].max()),
            "n": int(rows.sum()),
            "confidence": float(decided.confidence[rows].mean()),
            "accuracy": float(decided.right[rows].mean()),
        }
        for rows in (places == place for place in range(places.max() + 1))
    ]


def brier(logits: FloatArray, truth: IntArray) -> NDArray[np.float64]:
    """Squared distance of the probabilities from the truth, per row, in [0, 2] (Brier 1950)."""
    wanted = np.eye(logits.shape[1])[truth]
    answered = np.isfinite(logits).all(axis=1)
    scores: NDArray[np.float64] = ((probabilities(logits) - wanted) ** 2).sum(axis=1)
    return np.where(answered, scores, 2.0)


def negative_log_likelihood(logits: FloatArray, truth: IntArray) -> NDArray[np.float64]:
    """Of the truth, per row, in nats; at most that of a probability of 1e-12."""
    of_truth = probabilities(logits)[np.arange(len(truth)), truth]
    of_truth[~np.isfinite(logits).all(axis=1)] = 0.0
    return -np.log(np.maximum(of_truth, LEAST_PROBABILITY))
