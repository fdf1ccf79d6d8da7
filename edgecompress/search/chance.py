"""Chance for a search: the same wherever it runs, and with whatever version of a library.

Only `random.Random.random` decides, whose stream Python promises to keep.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of draws, seeded by a text; another text gives an unrelated stream."""

    def __init__(self, lot: str) -> None:
        self._stream = random.Random(lot)  # noqa: S311 - it picks networks, not secrets

    def below(self, count: int) -> int:
        """One of 0 to count - 1."""
        return int(self._stream.random() * count)

    def pick(self, among: Sequence[T]) -> T:
        """One of them, each as likely."""
        return among[self.below(len(among))]

    def happens(self, share: float) -> bool:
        """True in this share of the cases."""
        return self._stream.random() < share

    def weighed(self, among: Sequence[tuple[float, T]]) -> T:
        """One of them, each as likely as its weight says."""
        left = self._stream.random() * sum(weight for weight, _ in among)
        for weight, one in among:
            left -= weight
            if left < 0:
                return one
        return among[-1][1]

    def neighbour(self, here: T, among: Sequence[T]) -> T:
        """The one before or behind `here` in an order; of a single one itself."""
        at = among.index(here)
        beside = [place for place in (at - 1, at + 1) if 0 <= place < len(among)]
        return among[self.pick(beside)] if beside else here
