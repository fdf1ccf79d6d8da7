"""The processes that make one recipe together: who leads, and how the others hear of it.

One process is the rule. Where a launcher has started several, each takes its part of every batch;
the lead alone takes locks, writes into the store, judges and speaks.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Ranks(Protocol):
    """All of them, seen by one; every process calls the same methods in the same order.

    Raises, from each method:
        EnvironmentFault: another process has ended before it came to the same call.
    """

    @property
    def number(self) -> int:
        """Of this process; the lead's is 0."""

    @property
    def count(self) -> int:
        """Of all processes."""

    @property
    def here(self) -> int:
        """How many of them share this machine's cores."""

    def wait(self) -> None:
        """Go on once all processes have come here."""

    def spread(self, numbers: NDArray[Any]) -> None:
        """Put the lead's numbers into everybody's array, which are of one shape and type."""

    def add_up(self, numbers: NDArray[np.float32]) -> None:
        """Put the sum of all processes' numbers into everybody's array, to the bit the same."""


class Alone:
    """The one process of an ordinary run, which waits for nobody."""

    number, count, here = 0, 1, 1

    def wait(self) -> None:
        """Go on."""

    def spread(self, numbers: NDArray[Any]) -> None:
        """Leave them as they are."""

    def add_up(self, numbers: NDArray[np.float32]) -> None:
        """Leave them as they are."""


ALONE = Alone()


@contextmanager
def lead_first(ranks: Ranks) -> Iterator[None]:
    """Let the lead go through the block, then the others; nobody leaves before all are through.

    What the lead makes in the block the others find: the block must look before it makes.
    """
    if ranks.number:
        ranks.wait()
    yield
    if not ranks.number:
        ranks.wait()
    ranks.wait()


def lead_says(ranks: Ranks, word: Any) -> Any:
    """The lead's `word`, a JSON value, on every process; the others' own is not looked at."""
    if ranks.count == 1:
        return word
    letters = np.frombuffer(json.dumps(word).encode(), np.uint8).copy()
    length = np.array([len(letters)])
    ranks.spread(length)
    if ranks.number:
        letters = np.empty(int(length[0]), np.uint8)
    ranks.spread(letters)
    return json.loads(letters.tobytes())
