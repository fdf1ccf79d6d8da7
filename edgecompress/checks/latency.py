"""Check `latency`: how much faster than the teacher, one text at a time, on one thread?

Both answer the same texts in the same process, in turns (`core.turns`). The statistic is the median
ratio of *thread CPU time*, which other tenants of the machine hardly touch; wall time stands beside
it for the budgets that users feel. The candidate is first timed against itself: a machine on which
that comparison does not say "equal" cannot judge.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.case import Case
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.core.texts import Text
from edgecompress.core.turns import (
    Clock,
    Ratio,
    Times,
    asking,
    draw_texts,
    in_turns,
    ratio_of,
    require_quiet,
    wall_percentile,
)
from edgecompress.recipe.budget import Latency
from edgecompress.runtime.machine import processor_kind

MEASURED = ("latency_ratio", "latency_p50_ms", "latency_p95_ms")
WORST_SELF_RATIO = 1.15  # an A/A interval that leaves [1/1.15, 1.15] is noise, not measurement
BINS = 40  # of the drawn distribution


def measure(case: Case, settings: Latency) -> Sequence[Finding]:
    """Speed ratio by thread CPU time, wall p50 and p95 of the candidate, and all wall times.

    Raises:
        MeasureError: the machine is so noisy that a model is not as fast as itself.
    """
    if settings.processor and (here := processor_kind()) != settings.processor:
        why = f"this processor is {here}, the model is for {settings.processor}"
        return [Refused(name, settings.data, why) for name in MEASURED]
    texts = draw_texts(case.data[settings.data].texts, settings.pairs, case.seed)
    models = [asking(who.predictor.logits, texts) for who in (case.candidate, case.teacher)]
    require_quiet(
        "latency", lambda attempt: _against_itself(case, texts, attempt), WORST_SELF_RATIO
    )
    with case.progress.track("latency", len(texts), "pairs") as bar:
        fast, slow = in_turns(models, len(texts), case.seed, bar.advance)
    wall_ms, teacher_ms = fast[:, Clock.WALL] * 1000, slow[:, Clock.WALL] * 1000
    return [
        _speed_up(slow, fast, case.seed, data=settings.data),
        wall_percentile(fast, 0.50, settings.data),
        wall_percentile(fast, 0.95, settings.data),
        distribution(wall_ms, teacher_ms, settings.data),
    ]


def _speed_up(slow: Times, fast: Times, seed: int, data: str) -> Measurement:
    ratio = ratio_of(slow, fast, seed)
    return Measurement(
        "latency_ratio",
        *ratio,
        "times faster",
        len(fast),
        f"median ratio of thread CPU time, in turns; block bootstrap 95 %, seed {seed}",
        data,
    )


def _against_itself(case: Case, texts: Sequence[Text], attempt: int) -> Ratio:
    itself = asking(case.candidate.predictor.logits, texts)
    with case.progress.track("latency against itself", len(texts), "pairs") as bar:
        one, other = in_turns([itself] * 2, len(texts), case.seed + attempt, bar.advance)
    return ratio_of(one, other, case.seed)


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
