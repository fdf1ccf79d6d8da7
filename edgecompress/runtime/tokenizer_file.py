"""What a tokenizer from a bundle may consist of, read off its JSON before the library opens it.

The library's own parts are safe for memory but not against greed: a few replacements, each of one
letter by ten, turn a short text into terabytes, and where its memory ends the process ends too,
without an exception. So parts that make texts longer are counted here first.
"""

from collections.abc import Iterator
from typing import Any, Final

MODELS: Final = frozenset({"BPE", "Unigram", "WordLevel", "WordPiece"})
PARTS: Final = frozenset(  # normalizers, pre-tokenizers and post-processors
    {
        *("BertNormalizer", "BertPreTokenizer", "BertProcessing", "ByteLevel"),
        *("CharDelimiterSplit", "Digits", "FixedLength", "Lowercase", "Metaspace", "NFC"),
        *("NFD", "NFKC", "NFKD", "Nmt", "Precompiled", "Prepend", "Punctuation"),
        *("Replace", "RobertaProcessing", "Sequence", "Split", "Strip", "StripAccents"),
        *("TemplateProcessing", "UnicodeScripts", "Whitespace", "WhitespaceSplit"),
    }
)
STEPS: Final = ("normalizer", "pre_tokenizer", "post_processor")
MOST_PARTS: Final = 64
MOST_GROWTH: Final = 64  # characters that replacements may make of one, taken together
MOST_ADDED: Final = 16  # pieces and special tokens around a text
LONGEST_PREFIX: Final = 16  # characters
LONGEST_WORD: Final = 1_000  # characters; WordPiece takes time with their square


def problem_of(tokenizer: Any) -> str | None:
    """Why this content of a tokenizer.json is refused; None for one that may be opened."""
    if not isinstance(tokenizer, dict) or not isinstance(tokenizer.get("model"), dict):
        return "not a tokenizer: no `model`"
    model = tokenizer["model"]
    if model.get("type") not in MODELS:  # the library guesses where none is named; nobody should
        return f"a model of the type {_told(model.get('type'))}"
    if not _at_most(model.get("max_input_chars_per_word", 0), LONGEST_WORD):
        return f"takes words of more than {LONGEST_WORD:,} characters"
    parts: list[dict[str, Any]] = []
    for part in _parts([tokenizer.get(step) for step in STEPS]):
        parts.append(part)
        if len(parts) > MOST_PARTS:
            return f"has more than {MOST_PARTS} parts"
        if part.get("type") not in PARTS:
            return f"a part of the type {_told(part.get('type'))}"
        if found := _problem_of_part(part):
            return found
    return None if _growth(parts) <= MOST_GROWTH else "its replacements blow texts up"


def _parts(waiting: list[Any]) -> Iterator[dict[str, Any]]:
    """Every part, sequences taken apart; lists of parts are all the lists that sequences hold."""
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            yield part
            if part.get("type") == "Sequence":
                waiting += [
                    inner
                    for key in ("normalizers", "pretokenizers", "processors")
                    if isinstance(inner := part.get(key), list)
                ]


def _problem_of_part(part: dict[str, Any]) -> str | None:
    if part["type"] == "Prepend" and len(str(part.get("prepend"))) > LONGEST_PREFIX:
        return f"puts more than {LONGEST_PREFIX} characters before a text"
    if part["type"] != "TemplateProcessing":
        return None
    special = part.get("special_tokens")
    lists = [part.get("single"), part.get("pair")]
    if isinstance(special, dict):
        lists += [token.get("ids") for token in special.values() if isinstance(token, dict)]
    if all(isinstance(pieces, list) and len(pieces) <= MOST_ADDED for pieces in lists):
        return None
    return f"puts more than {MOST_ADDED} pieces around a text"


def _growth(parts: list[dict[str, Any]]) -> int:
    """Characters that one may become; whatever is replaced may be a single one, or none at all."""
    product = 1
    for part in parts:
        if part["type"] == "Replace":
            product *= max(1, len(str(part.get("content"))))
    return product


def _at_most(value: Any, most: int) -> bool:
    return type(value) is int and value <= most


def _told(value: Any) -> str:
    return f"{str(value)[:40]!r}, which no text classifier needs"
