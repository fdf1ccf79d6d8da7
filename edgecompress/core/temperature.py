"""One number that makes a model's probabilities softer or sharper, and no decision another."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax, softmax

from edgecompress.core.case import FloatArray
from edgecompress.core.intervals import Interval
from edgecompress.core.power import CONFIDENCE, z_of

Probabilities = NDArray[np.float64]

WIDEST = 3.0  # natural logarithms of the temperatures that are tried: from -3 to 3


def best_temperature(logits: FloatArray, target: Probabilities) -> float:
    """The temperature, in [1/20, 20], at which `logits` give `target` the most likelihood.

    Args:
        logits: [n, classes], finite.
        target: [n, classes], what each row should say: a teacher's probabilities, or 1 at the
            label.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks", arXiv:1706.04599,
    section 4.2. Cross-entropy has one minimum in the temperature, which a bounded search finds.
    """
    wide = logits.astype(np.float64)

    def entropy(log_temperature: float) -> float:
        return cross_entropy(wide / np.exp(log_temperature), target)

    return float(np.exp(minimize_scalar(entropy, bounds=(-WIDEST, WIDEST), method="bounded").x))


def temperature_interval(logits: FloatArray, target: Probabilities) -> Interval:
    """Of `best_temperature` over rows, 95 %: a score interval, which resamples and refits nothing.

    Cross-entropy is least where its slope is zero; the interval holds every temperature at which
    the mean slope over rows is within z standard errors of zero.
    """
    wide = logits.astype(np.float64)
    wanted = (target * wide).sum(axis=1)

    def slope(log_inverse: float, errors: float) -> float:
        found = (softmax(wide * math.exp(log_inverse), axis=1) * wide).sum(axis=1) - wanted
        return float(found.mean() + errors * found.std() / math.sqrt(len(found)))

    def temperature(errors: float) -> float:
        if slope(-WIDEST, errors) >= 0:
            return math.exp(WIDEST)
        if slope(WIDEST, errors) <= 0:
            return math.exp(-WIDEST)
        return math.exp(-brentq(slope, -WIDEST, WIDEST, args=(errors,)))

    z = z_of(CONFIDENCE)
    low, high = sorted((temperature(-z), temperature(z)))
    return low, high


def cross_entropy(logits: NDArray[np.floating], target: Probabilities) -> float:
    """Of `target` under the probabilities of `logits`, in nats, the mean over rows."""
    return float(-(target * log_softmax(logits, axis=1)).sum(axis=1).mean())
