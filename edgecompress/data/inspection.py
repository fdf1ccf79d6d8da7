"""What is odd about texts: twins, contradictions, lengths, and rows that two roles share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgecompress.core.texts import Text, TextSet
from edgecompress.data.draws import TextKey, text_key

QUANTILES: Final = (0.5, 0.95, 1.0)
SHOWN: Final = 5


def notes_on(texts: TextSet, labels: Sequence[str]) -> dict[str, Any]:
    """Rows, rows of each class, twins, contradictions and lengths in words, as JSON values.

    `duplicates` counts the rows whose text an earlier row has; `conflicting_labels` counts the
    texts that stand under two labels.
    """
    counts = Counter(texts.labels.tolist())
    labels_of: dict[TextKey, set[int]] = {}
    for text, label in zip(texts.texts, texts.labels.tolist(), strict=True):
        labels_of.setdefault(text_key(text), set()).add(label)
    words = np.quantile([_words(text) for text in texts.texts], QUANTILES, method="lower")
    classes = {label: counts[i] for i, label in enumerate(labels) if counts[i]}
    return {
        "rows": len(texts),
        "classes": classes or "no labels",
        "duplicates": len(texts) - len(labels_of),
        "conflicting_labels": sum(len(found) > 1 for found in labels_of.values()),
        "words": dict(zip(("median", "p95", "max"), map(int, words), strict=True)),
    }


def _words(text: Text) -> int:
    return len(text.split()) if isinstance(text, str) else sum(len(part.split()) for part in text)


@dataclass(frozen=True)
class Overlap:
    """Rows of a judging role whose text stands in a training role."""

    rows: int
    by_role: Mapping[str, int]  # training role -> rows of the judging role found in it
    examples: Sequence[tuple[str, str]]  # (origin of the judging row, origin of the training row)

    def complaint(self, judging: TextSet) -> str:
        """The message that refuses it."""
        roles = ", ".join(f"{n:,} in {role}" for role, n in self.by_role.items())
        shown = "; ".join(f"{ours} = {theirs}" for ours, theirs in self.examples)
        return (
            f"data.{judging.name}: {self.rows:,} of {len(judging):,} rows are training texts too "
            f"({roles}), e.g. {shown}; take them out of one side, or say in "
            f"data.{judging.name}.allow_overlap why that is right"
        )


def overlap(judging: TextSet, training: Sequence[TextSet]) -> Overlap:
    """Compare texts, or pairs, as `text_key` sees them."""
    ours = [text_key(text) for text in judging.texts]
    wanted = set(ours)
    by_role: Counter[str] = Counter()
    found: dict[TextKey, str] = {}
    for seen in training:
        theirs: dict[TextKey, str] = {}
        for text, origin in zip(seen.texts, seen.origins, strict=True):
            if (key := text_key(text)) in wanted:
                theirs.setdefault(key, origin)
        if hits := sum(key in theirs for key in ours):
            by_role[seen.name] = hits
        found = theirs | found
    shared = [(judging.origins[i], found[key]) for i, key in enumerate(ours) if key in found]
    return Overlap(len(shared), dict(by_role), shared[:SHOWN])
