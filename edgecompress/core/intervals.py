"""Every interval of the gate is made here, so that its method is chosen and explained once.

All are two-sided at `confidence`; a limit therefore holds with a one-sided risk of half the rest.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom

from edgecompress.core.power import CONFIDENCE, z_of

FloatVector = NDArray[np.floating]
Interval = tuple[float, float]

BLOCK_RESAMPLES = 2_000


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a share (Wilson 1927).

    Wilson rather than bootstrap: with no miss in n trials a bootstrap interval has width zero,
    which would let 20 texts certify 100 % agreement.
    """
    z2 = z_of(confidence) ** 2
    centre = (hits + z2 / 2) / (n + z2)
    half = math.sqrt(z2) / (n + z2) * math.sqrt(hits * (n - hits) / n + z2 / 4)
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)


def paired_drop(lost: int, won: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of (lost - won) / n, a difference of two shares measured on the same n rows.

    Args:
        lost: rows on which only the first model is right.
        won: rows on which only the second is.

    Tango's score interval (Statistics in Medicine 17, 1998): unlike the bootstrap and the Wald
    interval it keeps its coverage when few or no rows differ, where it has width z²/(n + z²)
    rather than zero.
    """
    z = z_of(confidence)

    def score(delta: float) -> float:
        # Restricted maximum likelihood of P(second only) when the true difference is delta.
        a = 2 * n
        b = -lost - won + (2 * n - lost + won) * delta
        c = -won * delta * (1 - delta)
        q = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
        variance = n * (2 * q + delta * (1 - delta))
        return (lost - won - n * delta) / math.sqrt(max(variance, 1e-300))

    estimate = (lost - won) / n
    edge = 1 - 1e-9
    low = -1.0 if score(-edge) < z else brentq(lambda d: score(d) - z, -edge, estimate)
    high = 1.0 if score(edge) > -z else brentq(lambda d: score(d) + z, estimate, edge)
    return min(float(low), estimate), max(float(high), estimate)


def bootstrap_mean(
    values: FloatVector, seed: int, confidence: float = CONFIDENCE, resamples: int = 10_000
) -> Interval:
    """Percentile bootstrap of a mean over rows (Efron 1979), by seeded resampling."""
    rng = np.random.default_rng(seed)
    n = len(values)
    means = np.empty(resamples)
    for start in range(0, resamples, 500):
        rows = rng.integers(0, n, size=(min(500, resamples - start), n))
        means[start : start + len(rows)] = values[rows].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    centre = float(values.mean())
    return min(float(low), centre), max(float(high), centre)


def block_bootstrap(
    values: FloatVector,
    statistic: Callable[[NDArray[np.floating]], NDArray[np.floating]],
    seed: int,
    block: int,
) -> Interval:
    """Moving-block bootstrap of a statistic of a time series (Künsch 1989), 95 %.

    Neighbouring timings share what else the machine did at that moment; blocks keep that
    dependence, so a busy second widens the interval instead of hiding in it.

    Args:
        values: [n], in the order in which they were measured.
        statistic: maps [resamples, n] to [resamples].
        block: how many neighbours stay together; at most n.
    """
    n = len(values)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n - block + 1, size=(BLOCK_RESAMPLES, math.ceil(n / block)))
    rows = (starts[:, :, None] + np.arange(block)).reshape(BLOCK_RESAMPLES, -1)[:, :n]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(statistic(values[rows]), [tail, 1 - tail])
    centre = float(statistic(values[None, :])[0])
    return min(float(low), centre), max(float(high), centre)


def quantile_bounds(values: FloatVector, q: float, confidence: float = CONFIDENCE) -> Interval:
    """Distribution-free interval of the q-quantile from order statistics (Thompson 1936).

    Raises:
        ValueError: too few values for a two-sided interval (an upper bound on p95 at 95 %
            needs 72 of them).
    """
    ordered = np.sort(values)
    n = len(ordered)
    tail = (1 - confidence) / 2
    low = int(binom.ppf(tail, n, q))
    high = int(binom.ppf(1 - tail, n, q)) + 1
    if low < 1 or high > n:
        raise ValueError(f"{n} values cannot bound the {q:g} quantile at {confidence:.0%}")
    return float(ordered[low - 1]), float(ordered[high - 1])
