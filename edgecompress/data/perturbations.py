"""Texts that were changed a little: by typos, letter case, other names, or a negation.

The first three leave the meaning alone, so labels stay. A negation may turn the meaning or not, and
no rule can tell (in a review of ten clauses one turned clause decides nothing), so nothing is
claimed about labels after it. What a text becomes depends on the seed and on the text alone.

Source of the idea: Ribeiro et al. (2020), CheckList, arXiv:2005.04118; rules and lists are our own.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.texts import Text
from edgecompress.data.changed_texts import content_words
from edgecompress.data.entities import GROUP_OF

Members = tuple[str, ...]  # of a pair both texts, else one
Change = Callable[[Members, random.Random], Members]  # gives the same where it finds nothing to do


@dataclass(frozen=True)
class Suite:
    """The texts that one kind of change could change, and what they became."""

    name: str  # e.g. "typos", "upper case"
    rows: NDArray[np.int64]  # [m], rising: their places among the texts
    texts: tuple[Text, ...]  # [m]


def suites(kind: str, texts: Sequence[Text], seed: int) -> list[Suite]:
    """The suites of one kind; several for `casing`. A text in which nothing changes is left out.

    Args:
        kind: a key of `KINDS`.
    """
    return [_suite(name, change, texts, seed) for name, change in KINDS[kind].items()]


def _suite(name: str, change: Change, texts: Sequence[Text], seed: int) -> Suite:
    rows: list[int] = []
    changed: list[Text] = []
    for row, text in enumerate(texts):
        members = (text,) if isinstance(text, str) else text
        chance = random.Random(f"{seed}/{name}/{members!r}")  # noqa: S311 - no secrets
        new = change(members, chance)
        if new != members and all(part.strip() for part in new):
            rows.append(row)
            changed.append(new[0] if len(new) == 1 else (new[0], new[1]))
    return Suite(name, np.array(rows, np.int64), tuple(changed))


_SHORTEST: Final = 4  # letters: a typo in a shorter word often makes another word
_KEYBOARD: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _typos(members: Members, chance: random.Random) -> Members:
    """One character edit in each of one or two content words."""
    places = [
        place
        for number, text in enumerate(members)
        for place in content_words(text, number)
        if len(place.word) >= _SHORTEST
    ]
    wanted = 1 + int(2 * chance.random())
    picked = sorted(places, key=lambda _: chance.random())[:wanted]
    new = list(members)
    # from the end, so that the places before stay where they are
    for place in sorted(picked, key=lambda p: p.start, reverse=True):
        text = new[place.member]
        new[place.member] = text[: place.start] + _misspelt(place.word, chance) + text[place.end :]
    return tuple(new)


def _misspelt(word: str, chance: random.Random) -> str:
    """Two letters exchanged, one left out, doubled, or hit beside; never the first."""
    at = 1 + int((len(word) - 2) * chance.random())
    head, letter, tail = word[:at], word[at], word[at + 1 :]
    edits = [
        head + tail[0] + letter + tail[1:],
        head + tail,
        head + 2 * letter + tail,
        head + _beside(letter, chance) + tail,
    ]
    different = [edit for edit in edits if edit != word]
    return different[int(len(different) * chance.random())]


def _beside(letter: str, chance: random.Random) -> str:
    """The key to the left or right of it; itself where the keyboard has none."""
    for keys in _KEYBOARD:
        if (at := keys.find(letter.lower())) >= 0:
            near = keys[max(0, at - 1) : at] + keys[at + 1 : at + 2]
            key = near[int(len(near) * chance.random())]
            return key.upper() if letter.isupper() else key
    return letter


_WHOLE: Final = {"ca": "can", "wo": "will"}  # what "n't" was added to
_DENIED: Final = re.compile(
    r"\b(?:(?P<short>is|are|was|were|do|does|did|has|have|had|ca|could|wo|would|should|must)"
    r"\s?n['’]t|(?P<long>is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must)"
    r"\s?not|never)\b(?P<space>\s*)",
    re.IGNORECASE,
)
_DENIABLE: Final = re.compile(r"\b(?:is|are|was|were|can|could|will|would|should|must)\b", re.I)


def _negation(members: Members, chance: random.Random) -> Members:
    """The first negation taken out, or else one put behind the first verb that bears it.

    Of a pair only the second text changes, which is the claim where pairs are premise and claim.
    """
    *rest, text = members
    if denied := _DENIED.search(text):
        word = denied["short"] or denied["long"] or ""
        stays = _WHOLE.get(word.lower(), word) + (denied["space"] if word else "")
        return (*rest, text[: denied.start()] + stays + text[denied.end() :])
    return (*rest, _DENIABLE.sub(r"\g<0> not", text, count=1))


_LETTERS: Final = re.compile(r"[^\W\d_]+")


def _entities(members: Members, chance: random.Random) -> Members:
    """Each known name replaced by one of its kind that the text does not have, the same throughout.

    Source of the test: names and places should not decide (CheckList, section 2, invariance).
    """
    words = [match[0].casefold() for text in members for match in _LETTERS.finditer(text)]
    present, chosen = set(words), dict[str, str]()
    for word in words:
        if word in GROUP_OF and word not in chosen:
            taken = present | set(chosen.values())
            free = [name for name in GROUP_OF[word] if name not in taken]
            chosen[word] = free[int(len(free) * chance.random())] if free else word

    def other(match: re.Match[str]) -> str:
        name = chosen.get(match[0].casefold())
        return _spelled_like(match[0], name) if name else match[0]

    return tuple(_LETTERS.sub(other, text) for text in members)


def _spelled_like(old: str, new: str) -> str:
    if old.isupper():
        return new.upper()
    return new if old.islower() else new.capitalize()


def _upper(members: Members, chance: random.Random) -> Members:
    return tuple(text.upper() for text in members)


def _lower(members: Members, chance: random.Random) -> Members:
    return tuple(text.lower() for text in members)


def _title(members: Members, chance: random.Random) -> Members:
    return tuple(re.sub(r"\S+", lambda word: word[0].capitalize(), text) for text in members)


NEGATION: Final = "negation"  # the one suite whose labels may turn
KINDS: Final[Mapping[str, Mapping[str, Change]]] = {
    "typos": {"typos": _typos},
    "negation": {NEGATION: _negation},
    "casing": {"upper case": _upper, "lower case": _lower, "title case": _title},
    "entities": {"entities": _entities},
}
