"""Tokenizers with fewer pieces; every tokenizer here reads real files with the real library."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import AutoTokenizer

from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import as_encoder, load_model, read_json
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.inputs import padded
from edgecompress.models.word_pieces import (
    choose_pieces,
    count_pieces,
    keep_pieces,
    keep_rows,
    read_all,
)
from edgecompress.recipe.shrinking import Vocabulary
from edgecompress.runtime.text import TextEncoder

TEXTS = ("the film is not boring", "a warm and witty drama", "the cast is not witty")
OTHERS = ("Tedious!", "a gripping villain, 1999", "naïve qqq", "", "x" * 300, "日本 ☃ [MASK]")


def rows(*texts: Any) -> TextSet:
    origins = tuple(str(row) for row in range(len(texts)))
    return TextSet("train", texts, np.zeros(len(texts), np.int64), origins, "0" * 64)


def limits(**changes: Any) -> Vocabulary:
    return Vocabulary(kind="vocabulary", **changes)


def chosen(folder: Path, *texts: Any, **changes: Any) -> list[int]:
    counts = count_pieces(read_all(TextEncoder(folder), [rows(*texts)], Silent()), vocab_size=221)
    return choose_pieces(read_json(folder / "tokenizer.json"), counts, limits(**changes))


def read(folder: Path, text: Any) -> list[str]:
    """The pieces of a text."""
    reads = TextEncoder(folder)
    names = {number: piece for piece, number in reads.vocabulary.items()}
    return [names[number] for number in reads.encode([text])[0].ids]


@pytest.fixture
def cut(hf_folder: Path) -> tuple[Path, list[int]]:
    """The tokenizer of the tiny BERT with the pieces of TEXTS and no other words."""
    kept = chosen(hf_folder, *TEXTS)
    keep_pieces(hf_folder, kept)
    return hf_folder, kept


def test_pieces_are_counted_over_all_roles(tiny_bert: Path) -> None:
    reads = TextEncoder(tiny_bert)
    read_texts = read_all(reads, [rows(*TEXTS), rows(("not", "not so"))], Silent())
    counts = count_pieces(read_texts, reads.vocab_size)
    ids = reads.vocabulary
    assert counts[ids["not"]] == 4
    assert counts[ids["[CLS]"]] == 4
    assert counts[ids["[SEP]"]] == 5  # one more for the pair
    assert counts[ids["villain"]] == 0


def test_words_in_use_stay_and_so_does_what_spells_the_rest(hf_folder: Path) -> None:
    names = {number: piece for piece, number in TextEncoder(hf_folder).vocabulary.items()}
    kept = {names[number] for number in chosen(hf_folder, *TEXTS)}
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} < kept
    assert set("abz09!?") | {"##a", "##z", "##9"} < kept
    words = {piece for piece in kept if piece.isalpha() and len(piece) > 1}
    assert words == {word for text in TEXTS for word in text.split() if len(word) > 1}


def test_the_most_used_words_stay_where_only_so_many_may(hf_folder: Path) -> None:
    must = len(chosen(hf_folder, min_count=1000))
    names = {number: piece for piece, number in TextEncoder(hf_folder).vocabulary.items()}
    kept = [names[number] for number in chosen(hf_folder, *TEXTS, pieces=must + 4)]
    words = {piece for piece in kept if piece.isalpha() and len(piece) > 1}
    assert words == {"the", "is", "not", "witty"}  # twice each; all others once


def test_words_used_less_than_min_count_go(hf_folder: Path) -> None:
    assert len(chosen(hf_folder, *TEXTS)) > len(chosen(hf_folder, *TEXTS, min_count=2))


def test_a_word_that_single_characters_cannot_spell_stays(hf_folder: Path) -> None:
    tokenizer = read_json(hf_folder / "tokenizer.json")
    pieces = tokenizer["model"]["vocab"]
    film, plot = pieces["film"], pieces["plot"]
    pieces["##never"] = pieces.pop("##m")  # now nothing can follow as an m
    counts = np.zeros(len(pieces), np.int64)
    kept = choose_pieces(tokenizer, counts, limits())
    assert film in kept
    assert plot not in kept


def test_too_few_pieces_for_what_must_stay_is_refused(hf_folder: Path) -> None:
    with pytest.raises(StageError, match="64 cannot hold the 109 special tokens and single"):
        chosen(hf_folder, *TEXTS, pieces=64)


def test_other_tokenizers_are_refused_with_the_reason() -> None:
    tokenizer = {"model": {"type": "BPE", "vocab": {}}, "added_tokens": []}
    with pytest.raises(StageError, match="is BPE, and only WordPiece reads the rest as before"):
        choose_pieces(tokenizer, np.zeros(3, np.int64), limits())


def test_texts_of_kept_pieces_are_read_as_before(
    tiny_bert: Path, cut: tuple[Path, list[int]]
) -> None:
    for text in (*TEXTS, (TEXTS[0], TEXTS[1]), "not the drama"):
        assert read(cut[0], text) == read(tiny_bert, text)


def test_the_numbers_keep_their_order(tiny_bert: Path, cut: tuple[Path, list[int]]) -> None:
    before, after = TextEncoder(tiny_bert), TextEncoder(cut[0])
    assert after.vocab_size == len(cut[1]) < before.vocab_size
    for old, new in zip(before.encode(TEXTS), after.encode(TEXTS), strict=True):
        assert [cut[1][number] for number in new.ids] == old.ids


def test_other_words_are_spelt_and_nothing_crashes(cut: tuple[Path, list[int]]) -> None:
    assert read(cut[0], "dull") == ["[CLS]", "d", "##u", "##l", "##l", "[SEP]"]
    assert read(cut[0], "☃") == ["[CLS]", "[UNK]", "[SEP]"]  # it could not be spelt before either
    for text in (*OTHERS, *((first, second) for first in OTHERS for second in OTHERS)):
        assert max(TextEncoder(cut[0]).encode([text])[0].ids) < len(cut[1])


def test_nothing_that_could_be_read_becomes_unknown(
    tiny_bert: Path, cut: tuple[Path, list[int]]
) -> None:
    for text in OTHERS:
        assert read(cut[0], text).count("[UNK]") == read(tiny_bert, text).count("[UNK]")


def test_hugging_face_reads_the_new_files_alike(cut: tuple[Path, list[int]]) -> None:
    theirs = AutoTokenizer.from_pretrained(cut[0])
    for text in (*TEXTS, *OTHERS):
        expected = theirs(text, truncation=True, max_length=32)["input_ids"]
        assert TextEncoder(cut[0]).encode([text])[0].ids == expected


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A tokenizer whose special tokens come behind two words, as BERT's own come behind others."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["abba", "baba", *special, "a", "b", "##a", "##b", "bab", "aab"]
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 5), ("[CLS]", 4))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    named = {str(words.index(token)): {"content": token} for token in special}
    settings = {"added_tokens_decoder": named, "pad_token": "[PAD]", "model_max_length": 16}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    return tmp_path


TEMPLATE = processors.TemplateProcessing(
    single="[CLS] $A [SEP]",
    pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    special_tokens=[("[CLS]", 4), ("[SEP]", 5)],
)
BERT = processors.BertProcessing(("[SEP]", 5), ("[CLS]", 4))


@pytest.mark.parametrize(
    "around",
    [TEMPLATE, BERT, processors.Sequence([BERT]), None],
    ids=["template", "bert", "sequence", "none"],
)
def test_every_way_to_put_special_tokens_around_a_text_is_renumbered(
    late: Path, around: Any
) -> None:
    path = late / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.post_processor = around or TEMPLATE
    content = json.loads(tokenizer.to_str())
    path.write_text(json.dumps(content if around else {**content, "post_processor": None}))
    texts = ["bab a", ("b bab", "ab [MASK]")]
    before = [read(late, text) for text in texts]
    kept = chosen(late, *texts)
    keep_pieces(late, kept)
    assert kept == [*range(2, 12)]  # without "abba", "baba" and "aab"
    assert [read(late, text) for text in texts] == before
    assert TextEncoder(late).pad_id == 0


def test_the_tables_of_added_tokens_are_numbered_anew(late: Path) -> None:
    keep_pieces(late, chosen(late, "bab"))
    added = read_json(late / "tokenizer.json")["added_tokens"]
    assert [token["id"] for token in added] == [0, 1, 2, 3, 4]
    named = read_json(late / "tokenizer_config.json")["added_tokens_decoder"]
    assert {number: token["content"] for number, token in named.items()} == {
        "0": "[PAD]",
        "1": "[UNK]",
        "2": "[CLS]",
        "3": "[SEP]",
        "4": "[MASK]",
    }


def test_a_smaller_network_answers_kept_pieces_exactly_as_the_whole_one(
    hf_folder: Path, tiny_bert: Path
) -> None:
    whole = as_encoder(load_model(hf_folder)).eval()
    texts = [*TEXTS, (TEXTS[0], TEXTS[2])]
    before = padded(TextEncoder(hf_folder).encode(texts), whole.config.pad_id)
    kept = chosen(hf_folder, *TEXTS)
    keep_pieces(hf_folder, kept)
    smaller = keep_rows(whole, kept, tokens=24)
    after = padded(TextEncoder(hf_folder).encode(texts), smaller.config.pad_id)
    with torch.no_grad():
        difference = (smaller(*after).logits - whole(*before).logits).abs().max()
    assert difference < 1e-6
    assert smaller.params == whole.params - 64 * (221 - len(kept) + 128 - 24)
    assert not smaller.training


def test_positions_that_are_not_there_are_not_asked_for(hf_folder: Path) -> None:
    whole = as_encoder(load_model(hf_folder))
    assert keep_rows(whole, list(range(221)), tokens=512).max_tokens == 128


def test_positions_before_the_first_token_stay() -> None:
    sizes = {"vocab_size": 30, "hidden": 8, "head_size": 4, "labels": ("a", "b")}
    config = EncoderConfig(
        **sizes, heads=(2,), intermediate=(8,), max_positions=22, position_offset=2, pad_id=1
    )
    whole = Encoder(config).eval()
    smaller = keep_rows(whole, range(1, 30), tokens=10)
    assert smaller.config.max_positions == 12
    assert smaller.config.pad_id == 0
    ids = torch.arange(5, 15).unsqueeze(0)
    with torch.no_grad():
        expected = whole(ids, torch.ones_like(ids)).logits
        torch.testing.assert_close(smaller(ids - 1, torch.ones_like(ids)).logits, expected)
