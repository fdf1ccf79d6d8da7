"""Relative bias: does a compressed model lean on shortcuts more than its teacher does?

A shortcut works on texts like the training's and fails elsewhere, so leaning on it shows as a drop
from the usual texts (dev) to others (ood). A number is only given where that drop means something.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.measurement import Measurement, Refused
from edgecompress.core.power import CONFIDENCE

Hits = NDArray[np.bool_]

NAME, POOLED = "relative_bias", "ood"
SMALLEST_GAP = 0.05  # of the teacher's accuracies; below it F_bias divides by next to nothing
ERRORS_FROM_CHANCE = 2.0  # standard errors
RESAMPLES = 10_000


@dataclass(frozen=True)
class Hit:
    """Which rows each of two models gets right, both [n]; several sets are pooled row by row."""

    ours: Hits
    teacher: Hits


@dataclass(frozen=True)
class Accuracies:
    """Of one model: on texts like the training's, and on others."""

    dev: float
    ood: float

    @property
    def drop(self) -> float:
        """Share of the accuracy that is lost on the other texts."""
        return (self.dev - self.ood) / self.dev


def f_bias(ours: Accuracies, teacher: Accuracies) -> float:
    """Our drop over the teacher's; above 1 the compressed model is the more shortcut-driven.

    Source: Du et al. (2021), arXiv:2110.08419, section 4.1.
    """
    return ours.drop / teacher.drop


def relative_bias(dev: Hit, ood: Hit, chance: float, seed: int) -> Measurement | Refused:
    """F_bias with its interval by a paired bootstrap over rows, or why there can be none.

    Args:
        dev: on texts like the training's.
        ood: on all other texts, of whatever source, each row counting once.
        chance: accuracy on `ood` of an answer that does not look at the text.
        seed: of the resampling.
    """
    ours = Accuracies(float(dev.ours.mean()), float(ood.ours.mean()))
    teacher = Accuracies(float(dev.teacher.mean()), float(ood.teacher.mean()))
    if why := _meaningless(ours, teacher, chance, len(ood.ours)):
        return Refused(NAME, POOLED, why)
    resampled = _resampled(dev, ood, seed)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], method="inverted_cdf")
    if not math.isfinite(high):
        return Refused(
            NAME,
            POOLED,
            f"the teacher's drop from {teacher.dev:.3f} to {teacher.ood:.3f} is not clear of zero "
            f"on {len(dev.ours)} and {len(ood.ours)} rows; use more rows",
        )
    value = f_bias(ours, teacher)
    return Measurement(
        NAME,
        value,
        min(float(low), value),
        max(float(high), value),
        "of the teacher's drop",
        len(ood.ours),
        f"paired bootstrap, {RESAMPLES}, seed {seed}",
        POOLED,
    )


def margin_of_chance(chance: float, n: int) -> float:
    """How far from chance an accuracy on `n` rows must lie, before it tells of any skill."""
    return ERRORS_FROM_CHANCE * math.sqrt(chance * (1 - chance) / n)


def _meaningless(ours: Accuracies, teacher: Accuracies, chance: float, n: int) -> str:
    """Why no ratio can be formed; empty where one can."""
    if teacher.dev - teacher.ood < SMALLEST_GAP:
        return (
            f"the teacher drops only from {teacher.dev:.3f} to {teacher.ood:.3f}; "
            f"a drop below {SMALLEST_GAP:.2f} leaves nothing to compare with"
        )
    near = margin_of_chance(chance, n)
    for who, accuracy in (("teacher", teacher.ood), ("compressed model", ours.ood)):
        if abs(accuracy - chance) <= near:
            return (
                f"the {who}'s {accuracy:.3f} on {n} other texts is within "
                f"{ERRORS_FROM_CHANCE:g} standard errors of chance, {chance:.3f}; "
                "a model that guesses there has no shortcut to be measured"
            )
    return ""


def _resampled(dev: Hit, ood: Hit, seed: int) -> NDArray[np.float64]:
    """[RESAMPLES]; infinite where the teacher loses nothing.

    Drawing rows with replacement is drawing counts of the four ways two models can be right.
    """
    rng = np.random.default_rng(seed)
    (ours_dev, teacher_dev), (ours_ood, teacher_ood) = (_shares(hit, rng) for hit in (dev, ood))
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, teacher = 1 - ours_ood / ours_dev, 1 - teacher_ood / teacher_dev
        return np.where(teacher > 0, ours / teacher, np.inf)


def _shares(hit: Hit, rng: np.random.Generator) -> NDArray[np.float64]:
    """Resampled accuracies, ours and the teacher's: [2, RESAMPLES]."""
    n = len(hit.ours)
    ways = [
        hit.ours & hit.teacher,
        hit.ours & ~hit.teacher,
        ~hit.ours & hit.teacher,
        ~hit.ours & ~hit.teacher,
    ]
    counts = rng.multinomial(n, [way.mean() for way in ways], size=RESAMPLES)
    return np.stack([counts[:, 0] + counts[:, 1], counts[:, 0] + counts[:, 2]]) / n
