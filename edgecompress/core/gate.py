"""Judging: a measurement, a limit, and one of three answers."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.measurement import Measurement, Refused


class Outcome(StrEnum):
    """The answer to one limit; REPORTED is a number that nobody set a limit for."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNDECIDED = "undecided"
    REPORTED = "reported"


@dataclass(frozen=True)
class Limit:
    """Where a measurement must lie; exactly one side is given."""

    at_least: float | None = None
    at_most: float | None = None
    rows: int = 1  # fewer decide nothing, wherever their interval lies

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a limit has exactly one of at_least and at_most")

    @property
    def value(self) -> float:
        """The number itself, whichever side it is on."""
        return self.at_least if self.at_least is not None else float(self.at_most or 0.0)

    def __str__(self) -> str:
        return f"{'>=' if self.at_least is not None else '<='} {self.value:g}"


def judge(measured: Measurement, limit: Limit) -> Outcome:
    """A limit holds only when the whole interval is on its good side."""
    if measured.n < limit.rows:
        return Outcome.UNDECIDED
    if limit.at_least is not None:
        holds, broken = measured.low >= limit.value, measured.high < limit.value
    else:
        holds, broken = measured.high <= limit.value, measured.low > limit.value
    if holds:
        return Outcome.HOLDS
    return Outcome.BROKEN if broken else Outcome.UNDECIDED


@dataclass(frozen=True)
class Verdict:
    """One measurement and what the recipe's limit says of it."""

    check: str
    measured: Measurement
    limit: Limit | None
    outcome: Outcome

    @classmethod
    def of(cls, check: str, measured: Measurement, limit: Limit | None) -> "Verdict":
        """Judge `measured`, or only report it when there is no limit."""
        outcome = Outcome.REPORTED if limit is None else judge(measured, limit)
        return cls(check, measured, limit, outcome)

    def rows_needed(self) -> int | None:
        """About how many rows would decide an undecided limit, if the value stays where it is.

        An interval narrows with the square root of the rows. None when the limit is decided, or
        when the value sits so close to the limit that no reasonable number of rows decides it.
        """
        if self.outcome is not Outcome.UNDECIDED or self.limit is None:
            return None
        m, limit = self.measured, self.limit.value
        if judge(m, replace(self.limit, rows=1)) is not Outcome.UNDECIDED:
            return self.limit.rows
        half_width = m.value - m.low if limit < m.value else m.high - m.value
        distance = abs(m.value - limit)
        if distance <= half_width / 100:
            return None
        return max(self.limit.rows, math.ceil(m.n * (half_width / distance) ** 2))


@dataclass(frozen=True)
class Refusal:
    """A number that a check would not give, and the limit that nobody can judge without it."""

    check: str
    refused: Refused
    limit: Limit | None

    @property
    def outcome(self) -> Outcome:
        """Never HOLDS: what cannot be told has not been shown."""
        return Outcome.REPORTED if self.limit is None else Outcome.UNDECIDED


@dataclass(frozen=True)
class GateReport:
    """All verdicts of one candidate."""

    verdicts: tuple[Verdict, ...]
    exhibits: tuple[Exhibit, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """BROKEN if any limit is, else UNDECIDED if any is or none was judged, else HOLDS."""
        told = [*(v.outcome for v in self.verdicts), *(r.outcome for r in self.refusals)]
        judged = set(told) - {Outcome.REPORTED}
        if Outcome.BROKEN in judged:
            return Outcome.BROKEN
        if judged == {Outcome.HOLDS}:
            return Outcome.HOLDS
        return Outcome.UNDECIDED  # an empty gate has shown nothing
