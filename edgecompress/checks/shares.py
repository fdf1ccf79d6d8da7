"""Counted shares as measurements: one share of rows, or two shares of the same rows compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.power import simultaneous

Hits = NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Which rows were counted."""

    role: str
    part: str = ""  # of the role, e.g. "label = positive"
    among: int = 1  # parts that are looked at together: their intervals hold at once

    @property
    def confidence(self) -> float:
        """Of each single interval."""
        return simultaneous(self.among)

    def method(self, name: str) -> str:
        """What a reader needs to repeat the interval."""
        return f"{name}, 95 %" + (f" over {self.among} parts" if self.among > 1 else "")


def share(name: str, hits: Hits, place: Place) -> Measurement:
    """The share of rows that are hits, by Wilson's interval; there is at least one row."""
    low, high = wilson(int(hits.sum()), len(hits), place.confidence)
    return Measurement(
        name,
        float(hits.mean()),
        low,
        high,
        "fraction",
        len(hits),
        place.method("wilson"),
        place.role,
        part=place.part,
    )


def difference(name: str, first: Hits, second: Hits, place: Place) -> Measurement:
    """Share of hits of the first minus that of the second, on the same rows, by Tango's interval.

    Only rows that are a hit of one alone count.
    """
    lost, won = int((first & ~second).sum()), int((second & ~first).sum())
    low, high = paired_drop(lost, won, len(first), place.confidence)
    return Measurement(
        name,
        (lost - won) / len(first),
        low,
        high,
        "fraction",
        len(first),
        place.method("tango paired score"),
        place.role,
        part=place.part,
    )
