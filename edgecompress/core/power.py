"""What a number of rows can certify, worked out before anything is computed.

Plain arithmetic without scipy, so that `plan` and `validate` answer at once.
"""

import math
from statistics import NormalDist

CONFIDENCE = 0.95
POWER = 0.80
USUAL_DISAGREEMENT = 0.09
"""Share of texts a 3-layer int8 student and its teacher answer differently, as seen on reviews."""


def z_of(confidence: float) -> float:
    """Two-sided normal quantile, e.g. 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def best_wilson_low(n: int, confidence: float = CONFIDENCE) -> float:
    """Lower Wilson bound when all of n trials succeed: n / (n + z²); no share can do better."""
    return n / (n + z_of(confidence) ** 2)


def certifiable_share(n: int, expected: float, confidence: float = CONFIDENCE) -> float:
    """The highest `at_least` limit that n rows would probably certify for a true share `expected`.

    Normal approximation: the bound must clear the limit with 80 % power.
    """
    spread = math.sqrt(expected * (1 - expected) / n)
    return expected - (z_of(confidence) + NormalDist().inv_cdf(POWER)) * spread


def certifiable_drop(
    n: int, disagreement: float = USUAL_DISAGREEMENT, confidence: float = CONFIDENCE
) -> float:
    """The smallest `max_drop` that n paired rows would probably certify for a true drop of zero.

    Only rows on which the two models differ in being right carry information; their number sets
    the spread (Tango 1998; normal approximation, 80 % power).
    """
    return (z_of(confidence) + NormalDist().inv_cdf(POWER)) * math.sqrt(disagreement / n)


def rows_for_drop(
    margin: float, disagreement: float = USUAL_DISAGREEMENT, confidence: float = CONFIDENCE
) -> int:
    """Rows after which `certifiable_drop` is at most `margin`."""
    z = z_of(confidence) + NormalDist().inv_cdf(POWER)
    return math.ceil(disagreement * (z / margin) ** 2)


def rows_for_perfect_share(limit: float, confidence: float = CONFIDENCE) -> int:
    """Rows under which not even a perfect score would certify `at_least: limit`."""
    return math.ceil(limit / (1 - limit) * z_of(confidence) ** 2) if limit < 1 else 2**31
