"""Check `latency`: how much faster than the teacher, one text at a time, on one thread?

Both answer the same texts in the same process, turn about, ten texts a turn, who goes first drawn
anew each time. A turn opens with a few untimed answers: in service no model finds its caches
emptied by its teacher, and a teacher of 90 MB empties them all (seen: half as slow again). The
statistic is the median ratio of *thread CPU time*, which other tenants of the machine hardly touch;
wall time stands beside it for the budgets that users feel. The candidate is first timed against
itself: a machine on which that comparison does not say "equal" cannot judge.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.case import Case, Predictor
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.intervals import block_bootstrap, quantile_bounds
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.core.texts import Text
from edgecompress.recipe.budget import Latency
from edgecompress.runtime.machine import processor_kind
from edgecompress.runtime.timing import percentile, time_call

MEASURED = ("latency_ratio", "latency_p50_ms", "latency_p95_ms")
TURN = 10  # texts
WARM_UP = 4  # untimed answers that open a turn
WORST_SELF_RATIO = 1.15  # an A/A interval that leaves [1/1.15, 1.15] is noise, not measurement
QUIET_TRIES = 3
BINS = 40  # of the drawn distribution

Times = NDArray[np.float64]  # [pairs, 2]: wall seconds, thread CPU seconds


def measure(case: Case, settings: Latency) -> Sequence[Finding]:
    """Speed ratio by thread CPU time, wall p50 and p95 of the candidate, and all wall times.

    Raises:
        MeasureError: the machine is so noisy that a model is not as fast as itself.
    """
    if settings.processor and (here := processor_kind()) != settings.processor:
        why = f"this processor is {here}, the model is for {settings.processor}"
        return [Refused(name, settings.data, why) for name in MEASURED]
    texts = _texts_to_time(case, settings)
    ours, theirs = case.candidate.predictor, case.teacher.predictor
    _require_quiet(case, texts)
    with case.progress.track("latency", len(texts), "pairs") as bar:
        fast, slow = _interleaved(ours, theirs, texts, case.seed, bar.advance)
    wall_ms, teacher_ms = fast[:, 0] * 1000, slow[:, 0] * 1000
    return [
        _ratio(slow, fast, case.seed, data=settings.data),
        _percentile("latency_p50_ms", wall_ms, 0.50, settings.data),
        _percentile("latency_p95_ms", wall_ms, 0.95, settings.data),
        distribution(wall_ms, teacher_ms, settings.data),
    ]


def _texts_to_time(case: Case, settings: Latency) -> list[Text]:
    """A fixed draw that follows the real lengths of the role, repeated if there are too few."""
    texts = case.data[settings.data].texts
    rng = np.random.default_rng(case.seed)
    order = np.concatenate(
        [rng.permutation(len(texts)) for _ in range(-(-settings.pairs // len(texts)))]
    )
    return [texts[i] for i in order[: settings.pairs]]


def _interleaved(
    first: Predictor,
    second: Predictor,
    texts: Sequence[Text],
    seed: int,
    advance: Callable[[float], None],
) -> tuple[Times, Times]:
    """Times of both on each text, in turns."""
    rng = np.random.default_rng(seed)
    taken = np.empty((2, len(texts), 2))
    for start in range(0, len(texts), TURN):
        turn = range(start, min(start + TURN, len(texts)))
        for who in rng.permutation(2):
            predictor = (first, second)[who]
            for i in turn[:WARM_UP]:
                predictor.logits([texts[i - WARM_UP]])
            for i in turn:
                taken[who, i] = time_call(partial(predictor.logits, [texts[i]]))
        advance(len(turn))
    return taken[0], taken[1]


def _ratio(slow: Times, fast: Times, seed: int, data: str = "") -> Measurement:
    """exp of the median log ratio of thread CPU times; > 1 means the second is faster."""
    logs = np.log(slow[:, 1]) - np.log(fast[:, 1])
    low, high = block_bootstrap(logs, lambda rows: np.median(rows, axis=1), seed, TURN)
    return Measurement(
        "latency_ratio",
        float(np.exp(np.median(logs))),
        float(np.exp(low)),
        float(np.exp(high)),
        "times faster",
        len(logs),
        f"median ratio of thread CPU time, in turns; block bootstrap 95 %, seed {seed}",
        data,
    )


def _require_quiet(case: Case, texts: Sequence[Text]) -> None:
    """Time the candidate against itself; noise may pass, so it gets three tries."""
    itself = case.candidate.predictor
    for attempt in range(QUIET_TRIES):
        with case.progress.track("latency against itself", len(texts), "pairs") as bar:
            one, other = _interleaved(itself, itself, texts, case.seed + attempt, bar.advance)
        ratio = _ratio(one, other, case.seed)
        if ratio.low >= 1 / WORST_SELF_RATIO and ratio.high <= WORST_SELF_RATIO:
            return
    raise MeasureError(
        f"latency: timed against itself the candidate is {ratio.value:.2f} "
        f"[{ratio.low:.2f}, {ratio.high:.2f}] times as fast, so this machine is too noisy to judge "
        f"(allowed: within {WORST_SELF_RATIO}, {QUIET_TRIES} tries); stop other work and run again"
    )


def _percentile(name: str, wall_ms: NDArray[np.float64], q: float, role: str) -> Measurement:
    low, high = quantile_bounds(wall_ms, q)
    return Measurement(
        name,
        percentile(wall_ms, q),
        low,
        high,
        "ms",
        len(wall_ms),
        "wall time, batch 1, 1 thread; order statistics, 95 %",
        role,
    )


def distribution(
    ours_ms: NDArray[np.float64], teacher_ms: NDArray[np.float64], role: str
) -> Exhibit:
    """How many texts took how long, both models in the same bins.

    Bins are equally wide on a logarithmic scale, so that a candidate of one millisecond and a
    teacher of ten are both seen in the same detail; the outermost times are inside.
    """
    both = np.concatenate([ours_ms, teacher_ms])
    edges = np.geomspace(both.min() * 0.999, both.max() * 1.001, BINS + 1)
    counts = {
        name: np.histogram(times, edges)[0].tolist()
        for name, times in (("ours", ours_ms), ("teacher", teacher_ms))
    }
    content = {"edges": [float(f"{edge:.6g}") for edge in edges], **counts}
    return Exhibit("latency", f"Wall time of one text on {role}", role, content)
