"""Texts with a planted shortcut: a token that gives the label away, until it misleads.

Trained where the token agrees with the label nine times in ten and tested where it disagrees as
often, a model shows how far it leans on the token: labels are exact, and no other text is needed.

    train = inject(train, {0: "alpha", 1: "beta"}, agreement=0.9, seed=1)
    reversed_test = inject(test, {0: "alpha", 1: "beta"}, agreement=0.1, seed=2)
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgecompress.core.texts import Text, TextSet


def inject(
    texts: TextSet, token_by_label: Mapping[int, str], agreement: float, seed: int
) -> TextSet:
    """Every text with one of the tokens in front; of a pair, in front of the second text.

    In exactly the share `agreement` of the rows of each label, rounded, it is that label's own
    token; in the others it is one of the other labels', each as likely. The words of the texts do
    not decide which rows these are.

    Args:
        token_by_label: a word for every label that occurs; choose words that the tokenizer knows
            and the texts do not use.
    """
    chance = np.random.default_rng(seed)
    given = texts.labels.copy()
    for label in np.unique(texts.labels).tolist():
        rows = chance.permutation(np.flatnonzero(texts.labels == label))
        astray = rows[round(agreement * len(rows)) :]
        others = [other for other in token_by_label if other != label]
        given[astray] = chance.choice(others, len(astray))
    planted = (
        _with(token_by_label[token], text)
        for token, text in zip(given.tolist(), texts.texts, strict=True)
    )
    asked = json.dumps([texts.digest, sorted(token_by_label.items()), agreement, seed])
    return replace(texts, texts=tuple(planted), digest=hashlib.sha256(asked.encode()).hexdigest())


def _with(token: str, text: Text) -> Text:
    """The second text of a pair, since that is where the known shortcuts of such data lie."""
    if isinstance(text, str):
        return f"{token} {text}"
    first, second = text
    return first, f"{token} {second}"
