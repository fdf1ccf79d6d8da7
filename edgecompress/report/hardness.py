"""Robust, or only hard to search? What three ways of attacking say of the same finalist.

An attack changes words until the answer turns; where a student's scores lead it nowhere it gives
up, and the student looks robust. Two things tell that apart. Texts that were made to fool the
teacher owe nothing to the student's scores: if they fool it more often than texts made for it, it
was the search that failed. And what holds against one kind of attack alone has learnt that attack.

Source: Athalye et al. (2018), arXiv:1802.00420, section 3.1, where transferred attacks that do
better than direct ones count among the signs of obstruction.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edgecompress.core.gate import GateReport
from edgecompress.core.intervals import newcombe
from edgecompress.core.measurement import Measurement
from edgecompress.report.numbers import figures
from edgecompress.report.search import Finalist

NEEDED: Final = (
    *("after_attack_accuracy", "transfer_accuracy"),
    *("teacher_after_attack_accuracy", "after_attack_drop"),
)
BOUNDS: Final = re.compile(r"(-\d+%)?(@\d+)?$")  # share of words and queries, behind the recipe


class Reading(StrEnum):
    """What the numbers of one finalist come to."""

    OBSTRUCTED = "only hard to search"
    ONE_KIND = "hardened against one kind of attack"
    STURDIER = "sturdier than its teacher"
    WEAKER = "weaker than its teacher"
    OPEN = "undecided"


@dataclass(frozen=True)
class Attacked:
    """One finalist under one kind of attack."""

    attack: str
    role: str
    searched: bool  # whether students were chosen by this kind
    ours: Measurement  # of all rows, right on texts made to fool it
    teacher: Measurement  # the same of the teacher, on texts made to fool that
    drop: Measurement  # teacher minus ours
    transfer: Measurement  # right on the texts made to fool the teacher

    @property
    def obstructed(self) -> bool:
        """Whether the teacher's texts fool it more often than its own, beyond chance.

        Both were seen on the same rows, but of their overlap nothing is kept: the interval is that
        of unrelated rows, which is the wider one.
        """
        pairs = [(round(m.value * m.n), m.n) for m in (self.transfer, self.ours)]
        return newcombe(pairs[0], pairs[1])[1] < 0

    @property
    def sturdier(self) -> bool:
        """Whether it keeps more right answers than the teacher, beyond chance."""
        return self.drop.high < 0

    @property
    def weaker(self) -> bool:
        """Whether it keeps fewer, beyond chance."""
        return self.drop.low > 0


@dataclass(frozen=True)
class Hardness:
    """One finalist under every attack of its gate."""

    student: str
    run: str
    verdict: str  # of the whole gate
    attacked: tuple[Attacked, ...]

    @property
    def reading(self) -> Reading:
        """In this order: a sign of obstruction outweighs what the attacks themselves say."""
        if any(one.obstructed for one in self.attacked):
            return Reading.OBSTRUCTED
        first = [one for one in self.attacked if one.searched]
        others = [one for one in self.attacked if not one.searched]
        if any(one.sturdier for one in first) and any(one.weaker for one in others):
            return Reading.ONE_KIND
        if first and others and all(one.sturdier for one in self.attacked):
            return Reading.STURDIER
        if any(one.weaker for one in self.attacked):
            return Reading.WEAKER
        return Reading.OPEN

    @property
    def sentence(self) -> str:
        """The reading with what it rests on."""
        return f"{self.student} is {self.reading}: {_why(self)}."


def hardness(finalists: Sequence[Finalist], searched: str) -> list[Hardness]:
    """One for each finalist whose gate attacks.

    Args:
        finalists: judged.
        searched: the recipe of the attack by which students were chosen.
    """
    found = []
    for one in finalists:
        gate = one.report.gate
        attacked = tuple(_attacked(numbers, searched) for numbers in _by_attack(gate))
        if attacked:
            found.append(Hardness(one.student, one.run, gate.outcome.value, attacked))
    return found


def _by_attack(gate: GateReport) -> list[Mapping[str, Measurement]]:
    """What was measured of each kind of attack; kinds without all four numbers are left out."""
    kinds: dict[tuple[str, str], dict[str, Measurement]] = {}
    for verdict in gate.verdicts:
        m = verdict.measured
        if verdict.check == "attack":
            kinds.setdefault((m.data, m.part), {})[m.name] = m
    return [numbers for numbers in kinds.values() if set(NEEDED) <= set(numbers)]


def _attacked(numbers: Mapping[str, Measurement], searched: str) -> Attacked:
    ours, transfer, teacher, drop = (numbers[name] for name in NEEDED)
    kind = BOUNDS.sub("", ours.part)
    return Attacked(ours.part, ours.data, kind == searched, ours, teacher, drop, transfer)


def _why(one: Hardness) -> str:
    match one.reading:
        case Reading.OBSTRUCTED:
            worst = next(each for each in one.attacked if each.obstructed)
            return (
                f"texts made to fool its teacher leave it {figures(worst.transfer).value} right, "
                f"texts made for it by {worst.attack} {figures(worst.ours).value}, so the attack "
                "did not find what there is to find"
            )
        case Reading.ONE_KIND:
            held = next(each for each in one.attacked if each.searched and each.sturdier)
            lost = next(each for each in one.attacked if not each.searched and each.weaker)
            return (
                f"it keeps more than its teacher against {held.attack}, by which it was chosen, "
                f"and less against {lost.attack}"
            )
        case Reading.STURDIER:
            return (
                "it keeps more against every kind of attack that was tried, and texts made to fool "
                "its teacher do not fool it more often than those made for it"
            )
        case Reading.WEAKER:
            lost = next(each for each in one.attacked if each.weaker)
            return f"against {lost.attack} it keeps less, and nothing hints at obstruction"
        case _:
            return (
                "no difference from its teacher is certain on these rows under every kind of "
                "attack, and nothing hints at obstruction"
            )
