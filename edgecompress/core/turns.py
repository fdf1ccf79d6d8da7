"""Models timed turn about on the same texts, so that what else the machine does hits all of them.

A turn is ten texts; who goes first is drawn anew each time. It opens with a few untimed answers: in
service no model finds its caches emptied by another one, and a teacher of 90 MB empties them all
(seen: half as slow again). Ratios are medians over the texts, resampled in blocks of neighbours.
"""

import time
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.errors import MeasureError
from edgecompress.core.intervals import block_bootstrap, quantile_bounds
from edgecompress.core.measurement import Measurement
from edgecompress.core.texts import Text
from edgecompress.runtime.timing import percentile, time_call

TURN = 10  # texts
WARM_UP = 4  # untimed answers that open a turn
PAUSES_S = (0.0, 0.5, 2.0, 8.0)  # before each try: what disturbs one mostly lasts longer than it

Answer = Callable[[int], object]
"""Answers the text at that place."""

Times = NDArray[np.float64]  # [texts, 2]: seconds by each Clock


class Clock(IntEnum):
    """A column of `Times`."""

    WALL = 0
    THREAD_CPU = 1  # of the calling thread, which other tenants of the machine hardly touch


class Ratio(NamedTuple):
    """Time of one over time of the other, with its 95 % interval."""

    value: float
    low: float
    high: float


def draw_texts(texts: Sequence[Text], count: int, seed: int) -> list[Text]:
    """A fixed draw that follows the real lengths, repeated if there are too few."""
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(texts)) for _ in range(-(-count // len(texts)))])
    return [texts[i] for i in order[:count]]


def asking(model: Callable[[Sequence[Text]], object], texts: Sequence[Text]) -> Answer:
    """One text at a time, as in service."""
    return lambda place: model([texts[place]])


def in_turns(
    answers: Sequence[Answer], texts: int, seed: int, advance: Callable[[float], None]
) -> NDArray[np.float64]:
    """Times of all of them on so many texts: [answers, texts, 2], the last axis by Clock."""
    rng = np.random.default_rng(seed)
    taken = np.empty((len(answers), texts, 2))
    for start in range(0, texts, TURN):
        turn = range(start, min(start + TURN, texts))
        for who in rng.permutation(len(answers)):
            for place in turn[:WARM_UP]:
                answers[who]((place - WARM_UP) % texts)
            for place in turn:
                taken[who, place] = time_call(partial(answers[who], place))
        advance(len(turn))
    return taken


def wall_percentile(taken: Times, q: float, role: str, threads: int = 1) -> Measurement:
    """One percentile of the wall time of single texts, bounded by order statistics."""
    wall_ms = taken[:, Clock.WALL] * 1000
    return Measurement(
        f"latency_p{q * 100:.0f}_ms",
        percentile(wall_ms, q),
        *quantile_bounds(wall_ms, q),
        "ms",
        len(wall_ms),
        f"wall time, batch 1, {threads} thread{'s' * (threads > 1)}; order statistics, 95 %",
        role,
    )


def ratio_of(
    first: Times, second: Times, seed: int, *, clock: Clock = Clock.THREAD_CPU, block: int = TURN
) -> Ratio:
    """exp of the median log ratio, first over second; > 1 means that the second is faster.

    Args:
        block: neighbouring texts that share what the machine did, and are resampled together.
    """
    logs = np.log(first[:, clock]) - np.log(second[:, clock])
    low, high = block_bootstrap(logs, lambda rows: np.median(rows, axis=1), seed, block)
    return Ratio(*(float(np.exp(x)) for x in (np.median(logs), low, high)))


def require_quiet(what: str, against_itself: Callable[[int], Ratio], allowed: float) -> None:
    """Time a model against itself; noise may pass, so there is another try after each pause.

    Args:
        what: the measurement that needs it, for the message.
        against_itself: a model's time over its own, at the n-th try.
        allowed: an interval that leaves [1 / allowed, allowed] is noise, not measurement.

    Raises:
        MeasureError: the machine is so noisy that a model is not as fast as itself.
    """
    for attempt, pause in enumerate(PAUSES_S):
        time.sleep(pause)
        ratio = against_itself(attempt)
        if ratio.low >= 1 / allowed and ratio.high <= allowed:
            return
    raise MeasureError(
        f"{what}: timed against itself the model is {ratio.value:.2f} "
        f"[{ratio.low:.2f}, {ratio.high:.2f}] times as fast, so this machine is too noisy to judge "
        f"(allowed: within {allowed:.4g}, {len(PAUSES_S)} tries); stop other work and run again"
    )
