"""One number that makes a model's probabilities softer or sharper, and no decision another."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from edgecompress.core.case import FloatArray

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


def cross_entropy(logits: NDArray[np.floating], target: Probabilities) -> float:
    """Of `target` under the probabilities of `logits`, in nats, the mean over rows."""
    return float(-(target * log_softmax(logits, axis=1)).sum(axis=1).mean())
