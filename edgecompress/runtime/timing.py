"""How long one call took, by the clock on the wall and by the clock of the thread."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Elapsed(NamedTuple):
    """One call, in seconds."""

    wall_s: float
    thread_cpu_s: float  # of the calling thread alone: all the work, when a model has one thread


def time_call(call: Callable[[], object]) -> Elapsed:
    """Time one call; thread time is what other tenants of the machine hardly touch."""
    wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
    call()
    cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
    return Elapsed(wall / 1e9, cpu / 1e9)


def percentile(values: Sequence[float] | NDArray[np.floating], share: float) -> float:
    """The smallest value that at least `share` of `values` do not exceed; one that was measured."""
    return float(np.quantile(values, share, method="inverted_cdf"))
