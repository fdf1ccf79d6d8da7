"""Drawing rows: the same ones wherever the recipe runs, in the class shares of their origin."""

import random
import unicodedata
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.texts import Text

TextKey = str | tuple[str, str]


def draw(labels: NDArray[np.int64], rows: int, lot: str) -> NDArray[np.int64]:
    """Places of `rows` rows, rising, drawn so that each label keeps its share.

    Only `random.Random.random` decides, whose stream Python promises to keep: a draw by numpy
    could change with the version of numpy.

    Args:
        labels: [n], n >= rows.
        lot: the text that seeds the draw; another text gives an unrelated draw.
    """
    chance = random.Random(lot)  # noqa: S311 - it picks rows, not secrets
    tickets = np.array([chance.random() for _ in range(len(labels))])
    picked = []
    for label, wanted in _quotas(Counter(labels.tolist()), rows).items():
        places = np.flatnonzero(labels == label)
        picked.append(places[np.argsort(tickets[places], kind="stable")[:wanted]])
    return np.sort(np.concatenate(picked))


def _quotas(counts: Counter[int], rows: int) -> dict[int, int]:
    """How many of each label: exact shares rounded down, then the largest remainders up."""
    total = counts.total()
    exact = {label: rows * count for label, count in sorted(counts.items())}
    quotas = {label: share // total for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: exact[label] % total, reverse=True)
    for label in by_remainder[: rows - sum(quotas.values())]:
        quotas[label] += 1
    return quotas


def text_key(text: Text) -> TextKey:
    """What two texts have in common when they differ in case, spacing or composed accents only."""
    if isinstance(text, str):
        return " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return (str(text_key(text[0])), str(text_key(text[1])))
