"""Every interval of the gate is made here, so that its method is chosen and explained once.

All are two-sided at `confidence`; a limit therefore holds with a one-sided risk of half the rest.
"""

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import DegenerateDataWarning, binom
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import t as student

from edgecompress.core.power import CONFIDENCE, z_of

FloatVector = NDArray[np.floating]
Interval = tuple[float, float]
Rows = NDArray[np.int64]
Statistic = Callable[[Rows], FloatVector]

RESAMPLES = 10_000
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


def newcombe(
    first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE
) -> Interval:
    """Interval of a difference of two shares, first minus second, on different rows.

    Args:
        first, second: (hits, rows) of each.

    The hybrid score interval: the distances of both Wilson bounds, added as squares (Newcombe,
    Statistics in Medicine 17, 1998, p. 873, method 10).
    """
    return _hybrid(first, second, 0.0, confidence)


def newcombe_paired(
    both: int, first_only: int, second_only: int, n: int, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of a difference of two shares, first minus second, on the same n rows.

    Args:
        both: rows that are hits of both; the other two count rows that are hits of one alone.

    As `newcombe`, less the correlation of the two (Newcombe, Statistics in Medicine 17, 1998,
    p. 2635, method 10). The gate uses `paired_drop`; this one needs no search for its bounds.
    """
    neither = n - both - first_only - second_only
    margins = (both + first_only, both + second_only, neither + first_only, neither + second_only)
    cross = float(both * neither - first_only * second_only)
    if cross > 0:  # Newcombe's continuity correction of the correlation
        cross = max(cross - n / 2, 0.0)
    correlation = cross / math.sqrt(math.prod(margins)) if all(margins) else 0.0
    return _hybrid((both + first_only, n), (both + second_only, n), correlation, confidence)


def _hybrid(
    first: tuple[int, int], second: tuple[int, int], correlation: float, confidence: float
) -> Interval:
    """Wilson's distances of two shares, joined as the sides of a triangle."""
    p, q = first[0] / first[1], second[0] / second[1]
    (p_low, p_high), (q_low, q_high) = wilson(*first, confidence), wilson(*second, confidence)

    def joined(a: float, b: float) -> float:
        return math.sqrt(max(a * a + b * b - 2 * correlation * a * b, 0.0))

    return p - q - joined(p - p_low, q_high - q), p - q + joined(p_high - p, q - q_low)


def mcnemar(lost: int, won: int) -> float:
    """Two-sided exact p value of "each is right alone as often as the other" (McNemar 1947).

    Under it the rows that only one of two models gets right fall to either like a fair coin.
    """
    return min(1.0, 2 * float(binom.cdf(min(lost, won), lost + won, 0.5)))


def bootstrap_mean(
    values: FloatVector, seed: int, worst: float | None = None, resamples: int = RESAMPLES
) -> Interval:
    """Bootstrap of a mean over rows, bias-corrected and accelerated (BCa), 95 %.

    Args:
        worst: the least that a row can have. The lower bound is then not above that of n rows like
            these and z² more of the worst, as Wilson's is for a share without a miss: rows that
            are all alike say nothing of rows that were not seen.
    """
    low, high = bootstrap(len(values), partial(_means, values), seed, resamples=resamples)
    if worst is not None:
        z2 = z_of(CONFIDENCE) ** 2
        low = min(low, (float(values.sum()) + z2 * worst) / (len(values) + z2))
    return low, high


def mean_method(seed: int) -> str:
    """How `bootstrap_mean` is told of."""
    return f"BCa bootstrap of the mean, {RESAMPLES}, seed {seed}"


def _means(values: FloatVector, rows: Rows) -> FloatVector:
    means: FloatVector = values[rows].mean(axis=-1)
    return means


def bootstrap(
    n: int,
    statistic: Statistic,
    seed: int,
    method: Literal["BCa", "percentile"] = "BCa",
    resamples: int = RESAMPLES,
) -> Interval:
    """Bootstrap of any smooth statistic of n rows, 95 %; scipy's, on places of rows.

    Rows are drawn, so that whatever `statistic` reads of a row stays together: a difference of two
    models on the same rows is a paired bootstrap.

    Args:
        statistic: maps places of rows, [..., n], to [...].
        method: plain percentiles (Efron 1979) miss the truth on one side when rows are skewed, as
            those of a mean near its best value are; BCa moves both ends by the skewness seen
            (Efron 1987).
    """
    seen = float(statistic(np.arange(n)))
    if n < 2:
        return seen, seen
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", DegenerateDataWarning)  # rows all alike: no spread
        low, high = scipy_bootstrap(
            (np.arange(n),),
            lambda rows, axis: statistic(rows),
            n_resamples=resamples,
            batch=500,
            vectorized=True,
            confidence_level=CONFIDENCE,
            method=method,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return _holding(seen, low, high)


def _holding(seen: float, low: float, high: float) -> Interval:
    """At least the value itself, which is all that rows without any spread give."""
    low, high = np.nan_to_num([low, high], nan=seen).tolist()
    return min(low, seen), max(high, seen)


def block_bootstrap(
    values: FloatVector,
    statistic: Callable[[FloatVector], FloatVector],
    seed: int,
    block: int,
) -> Interval:
    """Bootstrap of a time series in whole blocks (Carlstein 1986), 95 %.

    Timings of one turn share what else the machine did at that moment; blocks keep that
    dependence, so a busy second widens the interval instead of hiding in it. Blocks are few, so
    the interval is widened as Student's is. Values after the last whole block are not drawn.

    Args:
        values: [n], in the order in which they were measured; at least two blocks.
        statistic: maps [resamples, n] to [resamples].
        block: how many neighbours belong together.
    """
    blocks, tail = len(values) // block, (1 - CONFIDENCE) / 2
    rng = np.random.default_rng(seed)
    starts = block * rng.integers(0, blocks, size=(BLOCK_RESAMPLES, blocks, 1))
    rows = (starts + np.arange(block)).reshape(BLOCK_RESAMPLES, -1)
    seen = float(statistic(values[None, :])[0])
    low, high = _holding(seen, *np.quantile(statistic(values[rows]), [tail, 1 - tail]))
    few = math.sqrt(blocks / (blocks - 1)) * float(student.isf(tail, blocks - 1))
    wider = few / z_of(CONFIDENCE)
    return seen - wider * (seen - low), seen + wider * (high - seen)


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
