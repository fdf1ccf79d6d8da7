"""Texts to token ids, exactly as a model's own tokenizer files say.

Training, the gate and the device all come through here, so that a text can never mean one thing to
the teacher and another to the model that ships.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

from edgecompress.runtime.errors import EdgeCompressError, InputError, IntegrityError

Text = str | tuple[str, str]

DEFAULT_MAX_LENGTH = 512
LARGEST_MAX_LENGTH = 100_000  # Hugging Face writes 10^30 where nobody set a length
CHARACTERS_A_TOKEN = 32  # far above any real text's average; a cap, so that 10 MB cost microseconds


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the network sees it, special tokens included, not padded."""

    ids: list[int]
    type_ids: list[int]  # 0 for the first text of a pair, 1 for the second
    truncated: bool  # the end of the text was not read


class TextEncoder:
    """The tokenizer of one model folder; safe to share between threads."""

    def __init__(self, folder: Path, max_length: int | None = None) -> None:
        """Read tokenizer.json, and tokenizer_config.json where there is one.

        Args:
            folder: holds the tokenizer's files.
            max_length: tokens, special ones included, at which a text is cut; where it is not
                given, `model_max_length` of tokenizer_config.json, else 512.

        Raises:
            IntegrityError: a file is missing or broken, or the tokenizer cannot encode at all.
            InputError: `max_length` leaves no room for a token of the text itself.
        """
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise IntegrityError(f"{path}: missing; a model folder needs its tokenizer")
        settings = _read_settings(folder / "tokenizer_config.json")
        with _contained(IntegrityError, f"{path}: not a usable tokenizer"):
            self._tokenizer = Tokenizer.from_file(str(path))
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            self._tokenizer.encode("a")
            self._tokenizer.encode("a", "a")  # some tokenizers break at their first pair only
        self.max_length = max_length if max_length is not None else _length_of(settings)
        special = self._tokenizer.num_special_tokens_to_add(is_pair=True)
        if self.max_length <= special:
            told = f"max_length must be more than the {special} special tokens of a pair"
            if max_length is None:
                raise IntegrityError(
                    f"{path}: {told}, tokenizer_config.json says {self.max_length}"
                )
            raise InputError(f"{told}, got {max_length}")
        self._tokenizer.enable_truncation(self.max_length, strategy="longest_first")
        self._most_characters = CHARACTERS_A_TOKEN * self.max_length
        self.pad_id = self._pad_id(settings)

    @property
    def vocabulary(self) -> dict[str, int]:
        """Piece -> id, of all that can come out."""
        pieces: dict[str, int] = self._tokenizer.get_vocab(with_added_tokens=True)
        return pieces

    @property
    def vocab_size(self) -> int:
        """One more than the largest id that can come out."""
        return max(self.vocabulary.values(), default=-1) + 1

    def encode(self, texts: Sequence[Text]) -> list[Encoded]:
        """Encode each text on its own.

        A pair is cut token by token from its longer half. Of each text at most 32 characters a
        token are read at all. Runs on the calling thread only: a device gives us the threads it
        wants used.

        Raises:
            InputError: something is not a text, holds lone surrogates, or has no tokens.
        """
        return [self._encode_one(text, number) for number, text in enumerate(texts)]

    def _encode_one(self, text: Text, number: int) -> Encoded:
        limit = self._most_characters
        whole = _parts(text, number)
        read = [part[:limit] for part in whole]
        with _contained(InputError, f"text {number}: cannot be tokenized"):
            "".join(read).encode()  # tokenizers would call a lone surrogate "not a str"
            encoding: Encoding = self._tokenizer.encode(read[0], read[1] if read[1:] else None)
        ids: list[int] = encoding.ids
        if not ids:
            raise InputError(f"text {number}: nothing is left of it once it is tokenized")
        cut = len(ids) >= self.max_length and bool(encoding.overflowing)
        capped = any(len(part) > limit for part in whole)
        return Encoded(ids, encoding.type_ids, truncated=cut or capped)

    def _pad_id(self, settings: dict[str, Any]) -> int:
        named = settings.get("pad_token")
        token = named.get("content") if isinstance(named, dict) else named
        for candidate in (token, "[PAD]", "<pad>"):
            if isinstance(candidate, str):
                found: int | None = self._tokenizer.token_to_id(candidate)
                if found is not None:
                    return found
        return 0  # masked out anyway; any id that exists will do


def _parts(text: object, number: int) -> tuple[str, ...]:
    if isinstance(text, str):
        return (text,)
    if isinstance(text, tuple):
        if len(text) == 2 and all(isinstance(part, str) for part in text):
            return text
        seen = f"({', '.join(type(part).__name__ for part in text)})"
    else:
        seen = type(text).__name__
    raise InputError(f"text {number}: got {seen}; a text is a string or a tuple of two strings")


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        settings = json.loads(path.read_bytes())
    except ValueError as error:
        raise IntegrityError(f"{path}: not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise IntegrityError(f"{path}: must be a JSON object, got {type(settings).__name__}")
    return settings


def _length_of(settings: dict[str, Any]) -> int:
    """Tokens a text is cut to; a length nobody meant counts as no length."""
    length = settings.get("model_max_length")
    if type(length) is not int or not 0 < length <= LARGEST_MAX_LENGTH:
        return DEFAULT_MAX_LENGTH
    return length


@contextmanager
def _contained(error_class: type[EdgeCompressError], what: str) -> Iterator[None]:
    """Turn whatever the tokenizers library throws into one error of ours.

    Its Rust side can panic, which reaches Python as a BaseException that `except Exception` lets
    through; a single odd text must not end a server.
    """
    try:
        yield
    except Exception as error:
        raise error_class(f"{what}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise error_class(f"{what}: {error}") from None
