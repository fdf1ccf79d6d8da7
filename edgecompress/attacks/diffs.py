"""What an attack changed, word by word."""

from difflib import SequenceMatcher
from typing import Literal

from edgecompress.core.texts import Text, joined

Piece = tuple[Literal["same", "gone", "new"], str]


def word_diff(before: Text, after: Text) -> list[Piece]:
    """Runs of words that stayed, went or came; what went stands before what came for it."""
    old, new = _words(before), _words(after)
    pieces: list[Piece] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", " ".join(old[i:j])))
            continue
        if i < j:
            pieces.append(("gone", " ".join(old[i:j])))
        if k < m:
            pieces.append(("new", " ".join(new[k:m])))
    return pieces


def share_changed(before: Text, after: Text) -> float:
    """Words of the original that are gone, over all its words; 0 for a text without words."""
    gone = sum(len(words.split()) for kind, words in word_diff(before, after) if kind == "gone")
    return gone / max(1, word_count(before))


def word_count(text: Text) -> int:
    """Words between spaces, of both texts of a pair."""
    return len(" ".join(text if isinstance(text, tuple) else (text,)).split())


def _words(text: Text) -> list[str]:
    return joined(text).split()
