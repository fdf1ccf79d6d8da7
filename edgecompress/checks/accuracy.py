"""Check `accuracy`: is the candidate as often right as its teacher, on the same rows?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.case import NO_ANSWER, Case, IntArray, decision_name, decisions
from edgecompress.core.detection import surety
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.intervals import mcnemar, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.power import simultaneous
from edgecompress.core.texts import TextSet, joined
from edgecompress.recipe.behaviour import Accuracy

MOST_TEXTS = 8  # that are shown
MOST_CLASSES = 30  # of a confusion matrix that can still be read


@dataclass(frozen=True)
class _Answered:
    """The rows of one role, and what both models make of them."""

    texts: TextSet
    labels: tuple[str, ...]
    ours: IntArray
    teacher: IntArray
    surety: NDArray[np.float64]  # probability that the candidate gives its own decision

    @property
    def right(self) -> Hits:
        return np.equal(self.ours, self.texts.labels)

    @property
    def teacher_right(self) -> Hits:
        return np.equal(self.teacher, self.texts.labels)

    def named(self, decision: int) -> str:
        return decision_name(decision, self.labels)


def measure(case: Case, settings: Accuracy) -> Sequence[Finding]:
    """Accuracy, its paired drop from the teacher, the worst class, and flips in both directions.

    Shown beside the numbers: the confusions of both, and texts that only the teacher gets right.
    """
    return [one for role in settings.roles(case.data) for one in _of_role(case, role)]


def _of_role(case: Case, role: str) -> Iterator[Finding]:
    logits = case.answers(case.candidate, role)
    teacher = decisions(case.answers(case.teacher, role))
    rows = _Answered(case.data[role], case.labels, decisions(logits), teacher, surety(logits))
    place = Place(role)
    yield share("accuracy", rows.right, place)
    yield _drop(rows, place)
    yield _worst_class(rows)
    yield share("negative_flip_rate", rows.teacher_right & ~rows.right, place)
    yield share("positive_flip_rate", rows.right & ~rows.teacher_right, place)
    if len(case.labels) <= MOST_CLASSES:
        yield _confusion(rows)
    yield from _negative_flips(rows)


def _drop(rows: _Answered, place: Place) -> Measurement:
    """Teacher minus candidate; both see the same rows, so only the discordant ones count."""
    ours, theirs = rows.right, rows.teacher_right
    lost, won = int((theirs & ~ours).sum()), int((ours & ~theirs).sum())
    note = (
        f"only the teacher is right on {lost}, only the candidate on {won}; "
        f"exact McNemar p = {mcnemar(lost, won):.2g}"
    )
    return replace(difference("accuracy_drop", theirs, ours, place), note=note)


def _worst_class(rows: _Answered) -> Measurement:
    """The lowest recall of any class, with an interval that allows for having picked it.

    The intervals of all k classes are taken at 1 - 0.05 / k (Bonferroni), so they hold at once,
    and the lowest recall lies between the lowest of their lower and of their upper bounds. `n` is
    the smallest class, the one that is known least.
    """
    truth = rows.texts.labels
    counts = [int((truth == k).sum()) for k in range(len(rows.labels))]
    recalls = {k: rows.right[truth == k] for k, count in enumerate(counts) if count}
    confidence = simultaneous(len(recalls))
    bounds = [wilson(int(hits.sum()), len(hits), confidence) for hits in recalls.values()]
    worst = min(recalls, key=lambda k: float(recalls[k].mean()))
    return Measurement(
        "worst_class_recall",
        float(recalls[worst].mean()),
        min(low for low, _ in bounds),
        min(high for _, high in bounds),
        "fraction",
        min(counts),
        f"wilson, 95 % over {len(recalls)} classes; n of the smallest class",
        rows.texts.name,
        note=rows.labels[worst],
    )


def _confusion(rows: _Answered) -> Exhibit:
    """A decision that is not a number has no column."""

    def counted(decided: IntArray) -> list[list[int]]:
        size = len(rows.labels)
        answered = decided != NO_ANSWER
        cells = rows.texts.labels[answered] * size + decided[answered]
        table: list[list[int]] = np.bincount(cells, minlength=size**2).reshape(size, size).tolist()
        return table

    content = {
        "labels": list(rows.labels),
        "ours": counted(rows.ours),
        "teacher": counted(rows.teacher),
    }
    role = rows.texts.name
    return Exhibit("confusion", f"Confusion on {role}", role, content)


def _negative_flips(rows: _Answered) -> Iterator[Exhibit]:
    """Those that the candidate is surest of: they are the least like a coin that fell wrong."""
    flips = np.flatnonzero(rows.teacher_right & ~rows.right)
    if not len(flips):
        return
    role = rows.texts.name
    shown = flips[np.argsort(-rows.surety[flips], kind="stable")][:MOST_TEXTS]
    title = f"Only the teacher is right on {role}: the {len(shown)} of {len(flips):,} texts "
    yield Exhibit(
        "texts",
        f"{title}that the candidate is surest of",
        role,
        {"rows": [_row(rows, int(i)) for i in shown]},
    )


def _row(rows: _Answered, i: int) -> dict[str, str]:
    return {
        "origin": rows.texts.origins[i],
        "text": joined(rows.texts.texts[i]),
        "label": rows.labels[rows.texts.labels[i]],
        "teacher": rows.named(int(rows.teacher[i])),
        "ours": rows.named(int(rows.ours[i])),
    }
