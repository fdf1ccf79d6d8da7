"""Check `accuracy`: is the candidate as often right as its teacher, on the same rows?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.case import Case, decisions
from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.power import CONFIDENCE
from edgecompress.recipe.behaviour import Accuracy

Hits = NDArray[np.bool_]


def measure(case: Case, settings: Accuracy) -> Sequence[Measurement]:
    """Accuracy, its paired drop from the teacher, the worst class, and the negative flips."""
    truth = case.data[settings.data].labels
    ours = decisions(case.answers(case.candidate, settings.data)) == truth
    theirs = decisions(case.answers(case.teacher, settings.data)) == truth
    return [
        share("accuracy", ours, settings.data),
        _drop(ours, theirs, settings.data),
        _worst_class(ours, truth, case.labels, settings.data),
        share("negative_flip_rate", theirs & ~ours, settings.data),
    ]


def share(name: str, hits: Hits, role: str) -> Measurement:
    """The share of rows that are hits, by Wilson's interval."""
    low, high = wilson(int(hits.sum()), len(hits))
    return Measurement(
        name, float(hits.mean()), low, high, "fraction", len(hits), "wilson, 95 %", role
    )


def _drop(ours: Hits, theirs: Hits, role: str) -> Measurement:
    """Teacher minus candidate; both see the same rows, so only the discordant ones count."""
    lost, won = int((theirs & ~ours).sum()), int((ours & ~theirs).sum())
    low, high = paired_drop(lost, won, len(ours))
    return Measurement(
        "accuracy_drop",
        (lost - won) / len(ours),
        low,
        high,
        "fraction",
        len(ours),
        "tango paired score, 95 %",
        role,
        note=f"only the teacher is right on {lost}, only the candidate on {won}",
    )


def _worst_class(
    ours: Hits, truth: NDArray[np.int64], labels: tuple[str, ...], role: str
) -> Measurement:
    """The lowest recall of any class, with an interval that allows for having picked it.

    Bonferroni over the classes: the interval of the worst of k classes is taken at 1 - 0.05 / k.
    """
    recalls = {k: ours[truth == k] for k in range(len(labels)) if (truth == k).any()}
    worst = min(recalls, key=lambda k: float(recalls[k].mean()))
    hits = recalls[worst]
    confidence = 1 - (1 - CONFIDENCE) / len(recalls)
    low, high = wilson(int(hits.sum()), len(hits), confidence)
    return Measurement(
        "worst_class_recall",
        float(hits.mean()),
        low,
        high,
        "fraction",
        len(hits),
        f"wilson, 95 % over {len(recalls)} classes",
        role,
        note=labels[worst],
    )
