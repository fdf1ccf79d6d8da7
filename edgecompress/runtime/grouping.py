"""Texts that are answered together: of one length, so that no token is padding."""

from collections.abc import Iterator, Sequence
from itertools import groupby

MOST_TOKENS = 512  # of one group; larger ones gained nothing, and hold more memory


def of_equal_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of the texts of each group, shortest texts first; each text is in one group."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for length, same in groupby(order, key=lengths.__getitem__):
        rows = list(same)
        size = max(1, MOST_TOKENS // max(length, 1))
        yield from (rows[start : start + size] for start in range(0, len(rows), size))
