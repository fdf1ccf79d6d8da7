"""Check `loyalty`: does the candidate still answer as its teacher does?

Agreement counts whether or not the teacher is right: loyalty asks if users will notice the swap,
accuracy asks if the answer is good. Source: Xu et al. (2021), "Beyond Preserved Accuracy",
arXiv:2109.03228, section 2.

What agreement can be hoped for is told by the retrain floor: how often the teacher, trained again
from another seed, agrees with itself.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.case import Case, FloatArray, IntArray, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import Finding
from edgecompress.core.intervals import bootstrap_mean, mean_method
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.core.temperature import WIDEST
from edgecompress.core.texts import UNLABELLED, TextSet
from edgecompress.recipe.behaviour import Loyalty

LEAST = 1 - math.sqrt(math.log(2))  # probability loyalty of opposite certainties


def measure(case: Case, settings: Loyalty) -> Sequence[Finding]:
    """Label loyalty (share of equal labels), probability loyalty (closeness of distributions).

    Raises:
        MeasureError: the retrain floor is asked for, and there is no second teacher.
    """
    return [one for role in settings.roles(case.data) for one in _of_role(case, settings, role)]


def _of_role(case: Case, settings: Loyalty, role: str) -> Iterator[Finding]:
    ours, theirs = case.answers(case.candidate, role), case.answers(case.teacher, role)
    agreed = decisions(ours) == decisions(theirs)
    yield share("label_loyalty", agreed, Place(role))
    yield _closeness("probability_loyalty", ours, theirs, (role, case.seed))
    yield _matched(ours, theirs, (role, case.seed))
    yield from _when(case, role, agreed)
    if settings.needs_retrained:
        yield from _floor(case, role, agreed)


def _closeness(
    name: str, ours: FloatArray, theirs: FloatArray, drawn: tuple[str, int]
) -> Measurement:
    """The mean of probability loyalty over the rows of a role, resampled by a seed."""
    role, seed = drawn
    close = probability_loyalty(ours, theirs)
    low, high = bootstrap_mean(close, seed, worst=LEAST)
    method = f"1 - sqrt(JS), natural log; {mean_method(seed)}"
    mean = float(close.mean())
    return Measurement(name, mean, low, high, "fraction", len(close), method, role)


def _matched(ours: FloatArray, theirs: FloatArray, drawn: tuple[str, int]) -> Measurement:
    """As if the candidate were as sure of itself as its teacher is.

    A student of a smoothed teacher is less sure on purpose; what is left after matching is
    disagreement.
    """
    temperature = loyal_temperature(ours, theirs)
    found = _closeness("probability_loyalty_matched", ours / np.float32(temperature), theirs, drawn)
    return replace(found, note=f"logits divided by {temperature:.3g}, fitted to the teacher's")


def loyal_temperature(ours: FloatArray, theirs: FloatArray) -> float:
    """The temperature of our logits, in [1/20, 20], at which probability loyalty is highest.

    One number is fitted to these very rows, without labels. It is fitted to the measure itself:
    the temperature of the least cross-entropy follows the few rows of sure disagreement, and can
    leave a model farther from its teacher than it was (seen: 89.2 % after 91.9 %).

    Args:
        ours, theirs: logits, [n, classes].
    """

    def distance(log_temperature: float) -> float:
        softened = ours / np.float32(math.exp(log_temperature))
        return -float(probability_loyalty(softened, theirs).mean())

    found = float(minimize_scalar(distance, bounds=(-WIDEST, WIDEST), method="bounded").x)
    return math.exp(found) if distance(found) < distance(0.0) else 1.0


def _when(case: Case, role: str, agreed: Hits) -> Iterator[Measurement]:
    """Keeping what the teacher knows and inheriting its errors are told apart, given labels."""
    truth = case.data[role].labels
    if (truth == UNLABELLED).any():
        return
    right = decisions(case.answers(case.teacher, role)) == truth
    for part, rows in (("teacher right", right), ("teacher wrong", ~right)):
        if rows.any():
            yield share("label_loyalty_when", agreed[rows], Place(role, part))


def _floor(case: Case, role: str, agreed: Hits) -> Iterator[Finding]:
    """The second teacher's agreement with the first, and ours less that, row by row."""
    if case.retrained is None:
        raise MeasureError("loyalty: the retrain floor needs a second teacher, and there is none")
    teacher = decisions(case.answers(case.teacher, role))
    second = decisions(case.answers(case.retrained, role))
    again = second == teacher
    place = Place(role)
    yield share("retrain_floor", again, place)
    if why := _learnt_nothing(case.data[role], second):
        yield Refused("loyalty_over_floor", role, why)
        return
    over = difference("loyalty_over_floor", agreed, again, place)
    only_we, only_it = int((agreed & ~again).sum()), int((again & ~agreed).sum())
    note = f"only we agree with the teacher on {only_we}, only the second teacher on {only_it}"
    yield replace(over, note=note)


def _learnt_nothing(texts: TextSet, second: IntArray) -> str:
    """Why the second teacher is none, so that its floor would let anything pass; or nothing."""
    known = texts.labels[texts.labels != UNLABELLED]
    if not len(known):
        return ""
    right, constant = float((second == texts.labels).mean()), np.bincount(known).max() / len(texts)
    if right > constant:
        return ""
    return (
        f"the second teacher is right on {right:.1%} of {texts.name}, and always giving one "
        f"answer on {constant:.1%}: it has learnt nothing, so its loyalty is no floor; "
        "look at the learning_rate and epochs of `teacher.finetune`, or set a number"
    )
