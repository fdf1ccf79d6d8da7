"""Check `loyalty`: does the candidate still answer as its teacher does?

Agreement counts whether or not the teacher is right: loyalty asks if users will notice the swap,
accuracy asks if the answer is good. Source: Xu et al. (2021), "Beyond Preserved Accuracy",
arXiv:2109.03228, section 2.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax, xlogy

from edgecompress.core.case import Case, FloatArray, decisions
from edgecompress.core.intervals import bootstrap_mean, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.recipe.behaviour import Loyalty


def measure(case: Case, settings: Loyalty) -> Sequence[Measurement]:
    """Label loyalty (share of equal labels), probability loyalty (closeness of distributions)."""
    ours = case.answers(case.candidate, settings.data)
    theirs = case.answers(case.teacher, settings.data)
    equal = decisions(ours) == decisions(theirs)
    low, high = wilson(int(equal.sum()), len(equal))
    close = probability_loyalty(ours, theirs)
    mean_low, mean_high = bootstrap_mean(close, case.seed)
    n, role = len(equal), settings.data
    return [
        Measurement(
            "label_loyalty", float(equal.mean()), low, high, "fraction", n, "wilson, 95 %", role
        ),
        Measurement(
            "probability_loyalty",
            float(close.mean()),
            mean_low,
            mean_high,
            "fraction",
            n,
            f"1 - sqrt(JS), natural log; bootstrap of the mean, 10000, seed {case.seed}",
            role,
        ),
    ]


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
