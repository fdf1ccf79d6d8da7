"""What a number of rows can certify, worked out before anything is computed.

Plain arithmetic without scipy, so that `plan` and `validate` answer at once. Everything is said in
margins: the distance between a limit and the value of a candidate that differs from its teacher in
nothing.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar

CONFIDENCE = 0.95
POWER = 0.80
USUAL_DISAGREEMENT = 0.09
"""Share of texts a 3-layer int8 student and its teacher answer differently, as seen on reviews."""

_NO_MARGIN = 1e-9


def z_of(confidence: float) -> float:
    """Two-sided normal quantile, e.g. 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def simultaneous(among: int, confidence: float = CONFIDENCE) -> float:
    """The confidence of each of `among` intervals that hold at once (Bonferroni)."""
    return 1 - (1 - confidence) / among


@dataclass(frozen=True)
class Statistic:
    """A number over rows whose usual spread nobody knows: only what perfection certifies is said.

    Args:
        perfect: its value for a candidate that answers exactly as it should.
        reach: how far a single row can be from that.
        usual: how far a usual candidate is from that, with endless rows; None where unknown.
        beatable: candidates can be better than `perfect`, so that no limit is out of reach.
    """

    perfect: float = 1.0
    reach: float = 1.0
    usual: float | None = None
    beatable: bool = False
    step: ClassVar[float] = 0.0  # rows by which a count can be unlucky in being whole

    def least_margin(self, rows: int, confidence: float = CONFIDENCE) -> float:
        """What a perfect candidate certifies: every row right leaves z² / (n + z²) in doubt."""
        z2 = z_of(confidence) ** 2
        return self.reach * z2 / (rows + z2)

    def likely_margin(self, rows: int, confidence: float = CONFIDENCE) -> float | None:
        """The smallest margin that a usual candidate certifies with 80 % power."""
        if self.usual is None:
            return None
        low, high = self.usual, self.reach
        while high - low > _NO_MARGIN:
            middle = (low + high) / 2
            needed = self.rows_for(middle, confidence)
            low, high = (middle, high) if needed is None or needed > rows else (low, middle)
        return high

    def rows_for(self, margin: float, confidence: float = CONFIDENCE) -> int | None:
        """Rows that make a margin likely, or at least possible where nothing usual is known.

        None where no number of rows does.
        """
        if margin <= 0:
            return None
        z, power = z_of(confidence), NormalDist().inv_cdf(POWER)
        least = max(1, math.ceil(z**2 * (self.reach / margin - 1) - _NO_MARGIN))
        if self.usual is None or margin <= self.usual:
            return least
        at_limit, as_usual = self._spreads(margin, self.usual)
        room = margin - self.usual
        root = (z * at_limit + power * as_usual) / room
        return max(least, math.ceil(root**2 + self.step / room))

    def _spreads(self, margin: float, usual: float) -> tuple[float, float]:
        """Standard deviations over rows, at the limit and of a usual candidate."""
        return self.reach, self.reach


@dataclass(frozen=True)
class Share(Statistic):
    """A share of rows, by Wilson's interval, whose width is that of a share at its bound."""

    step: ClassVar[float] = 1.0

    def _spreads(self, margin: float, usual: float) -> tuple[float, float]:
        return math.sqrt(margin * (1 - margin)), math.sqrt(usual * (1 - usual))


@dataclass(frozen=True)
class Difference(Statistic):
    """A difference of two shares of the same rows, by Tango's interval.

    Only rows that count for one of the two alone carry information.
    """

    perfect: float = 0.0
    usual: float | None = 0.0
    disagreement: float = USUAL_DISAGREEMENT  # share of such rows, half of them on either side

    def _spreads(self, margin: float, usual: float) -> tuple[float, float]:
        # Tango's score takes its variance where the difference is the margin (Tango 1998).
        b, c = 2 * margin - self.disagreement, self.disagreement / 2 * margin * (1 - margin)
        q = (math.sqrt(b * b + 8 * c) - b) / 4
        return math.sqrt(2 * q + margin * (1 - margin)), math.sqrt(self.disagreement)


@dataclass(frozen=True)
class Mean(Statistic):
    """A mean over rows, by bootstrap."""

    spread: float = 0.1  # standard deviation over rows of a usual candidate

    def _spreads(self, margin: float, usual: float) -> tuple[float, float]:
        return self.spread, self.spread
