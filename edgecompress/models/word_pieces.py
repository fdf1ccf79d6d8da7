"""Fewer word pieces: which of them texts use, and a tokenizer and tables without the rest.

Only WordPiece tokenizers can lose pieces and still read everything else as before. They take, at
each place of a word, the longest piece that fits; where that one is kept, it is the longest of the
kept ones too. So a text whose pieces are all kept is read as before, and a word of which a piece
went is read in shorter ones, at worst in single characters. The other kinds merge or weigh pieces,
and without some of them would read other texts otherwise as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.core.case import IntArray
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import read_json, write_json
from edgecompress.models.encoder import Encoder
from edgecompress.recipe.shrinking import Vocabulary
from edgecompress.runtime.text import Encoded, TextEncoder

CONTINUES = "##"  # where the tokenizer names no other mark of a piece inside a word
NAMED_PAIRS = ("sep", "cls")  # of the post-processors of BERT and RoBERTa: [content, id]


def read_all(reads: TextEncoder, roles: Iterable[TextSet], progress: Progress) -> list[Encoded]:
    """The texts of all roles, tokenized.

    Raises:
        InputError: a text cannot be tokenized.
    """
    read: list[Encoded] = []
    for role in roles:
        with progress.track(f"tokenize {role.name}", len(role), "texts") as bar:
            read += reads.encode(role.texts)
            bar.advance(len(role))
    return read


def count_pieces(read: Iterable[Encoded], vocab_size: int) -> IntArray:
    """How often each id comes up, [vocab_size]; special tokens included."""
    ids = [number for text in read for number in text.ids]
    return np.bincount(ids, minlength=vocab_size)


def choose_pieces(tokenizer: Mapping[str, Any], counts: IntArray, limits: Vocabulary) -> list[int]:
    """Ids of the pieces to keep, rising: those that must stay, then the most used ones.

    Special tokens must stay, single characters and their continuations, and pieces that those
    cannot spell.

    Args:
        tokenizer: contents of tokenizer.json.
        counts: [vocab_size], from `count_pieces`.
        limits: how much use a piece needs, and how many may stay.

    Raises:
        StageError: it is no WordPiece tokenizer, or what must stay is more than what may.
    """
    ids = _word_pieces(tokenizer)
    must = _must_stay(tokenizer, ids)
    room = len(ids) if limits.pieces is None else limits.pieces - len(must)
    if room < 0:
        raise StageError(
            f"vocabulary.pieces: {limits.pieces} cannot hold the {len(must)} special tokens and "
            "single characters that must stay"
        )
    used = [i for i in ids.values() if i not in must and counts[i] >= limits.min_count]
    most_used = sorted(used, key=lambda i: (-counts[i], i))
    return sorted(must.union(most_used[:room]))


def keep_pieces(folder: Path, kept: Sequence[int]) -> None:
    """Rewrite the tokenizer's files: only these pieces, numbered anew in the same order."""
    new = {old: number for number, old in enumerate(kept)}
    path = folder / "tokenizer.json"
    tokenizer = read_json(path)
    pieces = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {p: new[old] for p, old in pieces.items() if old in new}
    for token in tokenizer["added_tokens"]:
        token["id"] = new[token["id"]]
    tokenizer["post_processor"] = _renumbered(tokenizer.get("post_processor"), new)
    write_json(path, tokenizer)
    settings = read_json(folder / "tokenizer_config.json")
    if named := settings.get("added_tokens_decoder"):
        numbered = {str(new[int(old)]): token for old, token in named.items()}
        write_json(folder / "tokenizer_config.json", {**settings, "added_tokens_decoder": numbered})


def keep_rows(encoder: Encoder, pieces: Sequence[int], tokens: int) -> Encoder:
    """A copy with the rows of these pieces, and with positions for texts of so many tokens.

    It answers texts of these pieces exactly as the whole network does.
    """
    config, weights = encoder.config, encoder.state_dict()
    positions = min(config.max_positions, config.position_offset + tokens)
    smaller = Encoder(
        replace(
            config,
            vocab_size=len(pieces),
            max_positions=positions,
            pad_id=pieces.index(config.pad_id) if config.pad_id in pieces else 0,
        )
    )
    for table, rows in (("word", list(pieces)), ("position", slice(positions))):
        name = f"embeddings.{table}.weight"
        weights[name] = weights[name][rows]
    smaller.load_state_dict(weights)
    return smaller.train(encoder.training)


def _word_pieces(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Every piece with its id, tokens that were added to the vocabulary among them."""
    kind = tokenizer["model"].get("type")
    if kind != "WordPiece":
        raise StageError(
            f"vocabulary: the tokenizer is {kind}, and only WordPiece reads the rest as before "
            "when pieces go; take this stage out of the recipe"
        )
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    return {**tokenizer["model"]["vocab"], **added}


def _must_stay(tokenizer: Mapping[str, Any], ids: Mapping[str, int]) -> set[int]:
    model = tokenizer["model"]
    mark = model.get("continuing_subword_prefix", CONTINUES)
    special = {model.get("unk_token"), *(token["content"] for token in tokenizer["added_tokens"])}
    return {
        number
        for piece, number in ids.items()
        if piece in special or len(piece.removeprefix(mark)) == 1 or not _spelt(piece, mark, ids)
    }


def _spelt(piece: str, mark: str, ids: Collection[str]) -> bool:
    """Whether single characters, each a piece of its own, can stand for it."""
    first = mark if piece.startswith(mark) else ""
    letters = piece.removeprefix(mark)
    return first + letters[:1] in ids and all(mark + letter in ids for letter in letters[1:])


def _renumbered(processor: dict[str, Any] | None, new: Mapping[int, int]) -> dict[str, Any] | None:
    """What puts special tokens around a text, with their new ids."""
    if processor is None:
        return None
    changed = dict(processor)
    if "processors" in changed:
        changed["processors"] = [_renumbered(part, new) for part in changed["processors"]]
    if "special_tokens" in changed:
        changed["special_tokens"] = {
            name: {**token, "ids": [new[old] for old in token["ids"]]}
            for name, token in changed["special_tokens"].items()
        }
    for name in NAMED_PAIRS:
        if name in changed:
            content, old = changed[name]
            changed[name] = [content, new[old]]
    return changed
