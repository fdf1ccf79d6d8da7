"""A measured number, which cannot exist without its interval, or why there is none."""

import math
from dataclasses import dataclass

import numpy as np

from edgecompress.core.errors import MeasureError


@dataclass(frozen=True)
class Measurement:
    """What a check found: a value, where the truth probably lies, and how we know.

    `method` is the signature a reader needs to repeat it, e.g. "wilson, 95 %" or
    "paired bootstrap, 10000, seed 7". A count that has no sampling error has low = value = high.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    n: int
    method: str
    data: str = ""  # the role it was measured on; empty when no texts are involved
    note: str = ""
    part: str = ""  # an attack, a slice, a batch size; empty for the whole

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if isinstance(number, np.generic):  # not every writer of files knows numpy's numbers
                object.__setattr__(self, name, number.item())
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise MeasureError(
                f"{self.name}: {self.value} [{self.low}, {self.high}] is not a number"
            )
        if not self.low <= self.value <= self.high:
            raise MeasureError(
                f"{self.name}: the interval [{self.low}, {self.high}] does not hold {self.value}"
            )

    def __str__(self) -> str:
        part = f" ({self.part})" if self.part else ""
        where = f" on {self.data}" if self.data else ""
        numbers = f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}] {self.unit}"
        return f"{self.name}{part}{where} {numbers}"


@dataclass(frozen=True)
class Refused:
    """A number that would mean nothing here, and why; a limit on it stays undecided."""

    name: str
    data: str  # the role it would have been measured on
    why: str
    part: str = ""


def exact(name: str, value: float, unit: str, method: str) -> Measurement:
    """A number with nothing to estimate, such as bytes on disk."""
    return Measurement(name, value, value, value, unit, n=1, method=method)
