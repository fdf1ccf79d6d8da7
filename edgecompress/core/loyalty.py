"""How close two models' distributions are, text by text."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax, xlogy

from edgecompress.core.case import FloatArray


def probability_loyalty(ours: FloatArray, theirs: FloatArray) -> NDArray[np.float64]:
    """1 - sqrt(JS(P || Q)) for each row, JS in nats, so that it lies in [1 - sqrt(ln 2), 1].

    Args:
        ours, theirs: logits, [n, classes]; a row that is not finite scores 0, below any answer.

    Source: arXiv:2109.03228, section 2.2; the natural logarithm is what its code uses.
    """
    finite = np.isfinite(ours + theirs).all(axis=1, keepdims=True)
    p = softmax(np.where(finite, ours, 0).astype(np.float64), axis=1)
    q = softmax(np.where(finite, theirs, 0).astype(np.float64), axis=1)
    m = (p + q) / 2
    entropy_gap = xlogy(m, m).sum(axis=1)
    js = (xlogy(p, p).sum(axis=1) + xlogy(q, q).sum(axis=1)) / 2 - entropy_gap
    scores: NDArray[np.float64] = np.where(finite.ravel(), 1 - np.sqrt(js.clip(0)), 0.0)
    return scores
