"""New texts out of old ones: words replaced by others that whoever is asked proposes.

The same texts and seed give the same new texts. Chance comes from `random.Random.random` alone, the
one stream that Python promises never to change.

Source: Jiao et al. (2020), TinyBERT, arXiv:1909.10351, section 4.1 and algorithm 1.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgecompress.core.progress import Progress
from edgecompress.core.texts import Text, TextSet
from edgecompress.data.draws import text_key
from edgecompress.data.stop_words import STOP_WORDS
from edgecompress.recipe.learning import Augment

MOST_COPIES = 30  # of one text, as the paper's for its smallest data sets
ASKED_TOGETHER = 256  # texts; a proposer works in batches
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class Place:
    """A word that may give way to another."""

    text: str
    start: int
    end: int
    member: int = 0  # of a pair: 0 is the first text

    @property
    def word(self) -> str:
        """As the text has it."""
        return self.text[self.start : self.end]


class Proposer(Protocol):
    """Whoever knows other words."""

    def propose(self, places: Sequence[Place], count: int) -> list[list[str]]:
        """For each place at most `count` other words; none where it knows none."""


@dataclass(frozen=True)
class Change:
    """One new text."""

    row: int  # of the text that it was
    text: Text


@dataclass(frozen=True)
class Augmentation:
    """How texts are changed."""

    settings: Augment
    proposer: Proposer
    seed: int


def changed_texts(
    origin: TextSet, apart_from: Sequence[TextSet], how: Augmentation, progress: Progress
) -> list[Change]:
    """At most `rows` new texts, one of each old one in turn, until there are enough.

    All differ from each other, from the old ones and from those of `apart_from`, and not in case or
    spacing alone. Where 30 rounds do not give enough, there are fewer.
    """
    known = {text_key(text) for texts in (origin, *apart_from) for text in texts.texts}
    made: list[Change] = []
    with progress.track("changed texts", how.settings.rows, "texts") as bar:
        for change in _changes(origin, how):
            key = text_key(change.text)
            if key not in known:
                known.add(key)
                made.append(change)
                bar.advance()
            if len(made) == how.settings.rows:
                break
    return made


def content_words(text: str, member: int = 0) -> list[Place]:
    """The words made of letters only that are no stop words, in their order."""
    found = (Place(text, match.start(), match.end(), member) for match in _WORD.finditer(text))
    return [p for p in found if p.word.isalpha() and p.word.casefold() not in STOP_WORDS]


@dataclass(frozen=True)
class _Draft:
    """What is to be changed in one text, before the words are known."""

    row: int
    members: tuple[str, ...]
    places: Sequence[Place]
    chance: random.Random


def _changes(origin: TextSet, how: Augmentation) -> Iterator[Change]:
    """All there could be, round by round; some may be equal, or changed in nothing."""
    order = list(range(len(origin)))
    order.sort(key=lambda row: _chance(how.seed, "order", row).random())
    together = min(ASKED_TOGETHER, how.settings.rows)
    for copy in range(MOST_COPIES):
        for start in range(0, len(order), together):
            rows = order[start : start + together]
            drafts = [_draft(origin.texts[row], row, copy, how) for row in rows]
            yield from _written(drafts, how)


def _chance(*lot: int | str) -> random.Random:
    return random.Random("/".join(map(str, lot)))  # noqa: S311 - it picks words, not secrets


def _draft(text: Text, row: int, copy: int, how: Augmentation) -> _Draft:
    """Draw the places; of a pair the first text is changed, or the second, or both."""
    chance = _chance(how.seed, copy, row)
    members = (text,) if isinstance(text, str) else text
    changed = [(0,), (1,), (0, 1)][int(3 * chance.random())] if len(members) > 1 else (0,)
    words = [place for member in changed for place in content_words(members[member], member)]
    picked = [place for place in words if chance.random() < how.settings.replace]
    return _Draft(row, members, picked, chance)


def _written(drafts: Sequence[_Draft], how: Augmentation) -> Iterator[Change]:
    asked = [place for draft in drafts for place in draft.places]
    proposed = iter(how.proposer.propose(asked, how.settings.candidates))
    for draft in drafts:
        options = [next(proposed) for _ in draft.places]
        members = list(draft.members)
        # from the end, so that the places before stay where they are
        for place, words in reversed(list(zip(draft.places, options, strict=True))):
            if words:
                word = words[int(draft.chance.random() * len(words))]
                whole = members[place.member]
                spelled = word.capitalize() if place.word.istitle() else word
                members[place.member] = whole[: place.start] + spelled + whole[place.end :]
        yield Change(draft.row, members[0] if len(members) == 1 else (members[0], members[1]))
