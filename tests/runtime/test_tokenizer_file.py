"""Tokenizers as JSON: parts that are known pass, greedy ones do not."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors

from edgecompress.runtime.tokenizer_file import problem_of


@pytest.fixture
def told(tokenizer: Tokenizer) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    return content


def replace(old: str, new: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def sequence(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(parts)}


def test_a_tokenizer_of_words_passes(told: dict[str, Any]) -> None:
    assert problem_of(told) is None


def test_the_parts_of_other_families_pass(tokenizer: Tokenizer) -> None:
    """What RoBERTa, XLM-RoBERTa, ALBERT and DeBERTa have around their models."""
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("``", '"'),
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Strip(),
            normalizers.Prepend("\u2581"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(),
            pre_tokenizers.ByteLevel(),
            pre_tokenizers.Digits(),
            pre_tokenizers.Punctuation(),
        ]
    )
    tokenizer.post_processor = processors.Sequence(
        [processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2)), processors.ByteLevel()]
    )
    assert problem_of(json.loads(tokenizer.to_str())) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": None}, "no `model`"),
        ({"model": {}}, "a model of the type 'None'"),
        ({"model": {"type": "Lua"}}, "a model of the type 'Lua'"),
        ({"model": {"type": "WordPiece", "max_input_chars_per_word": 1001}}, "words of more than"),
        ({"model": {"type": "WordPiece", "max_input_chars_per_word": "9"}}, "words of more than"),
        ({"normalizer": {"type": "Lua"}}, "a part of the type 'Lua'"),
        ({"pre_tokenizer": {}}, "a part of the type 'None'"),
        ({"normalizer": {"type": "Prepend", "prepend": "a" * 17}}, "before a text"),
        ({"normalizer": sequence(sequence({"type": "Lua"}))}, "a part of the type 'Lua'"),
        ({"normalizer": sequence(*[replace("a", "b")] * 64)}, "more than 64 parts"),
        ({"normalizer": replace("a", "b" * 65)}, "blow texts up"),
        ({"normalizer": sequence(replace("a", "b" * 9), replace("b", "a" * 9))}, "blow texts up"),
    ],
)
def test_what_is_refused_is_said(told: dict[str, Any], changes: dict[str, Any], why: str) -> None:
    assert why in (problem_of({**told, **changes}) or "nothing")


def test_replacements_that_keep_the_length_add_up_to_none(told: dict[str, Any]) -> None:
    told["normalizer"] = sequence(*[replace(a, "x") for a in "abcdefghij"])
    assert problem_of(told) is None


@pytest.mark.parametrize("what", [None, [], "text", 3])
def test_what_is_no_object_is_no_tokenizer(what: object) -> None:
    assert problem_of(what) == "not a tokenizer: no `model`"


def test_pieces_around_a_text_are_counted(told: dict[str, Any]) -> None:
    told["post_processor"]["pair"] *= 4
    assert problem_of(told) == "puts more than 16 pieces around a text"


def test_the_ids_of_a_special_token_are_counted(told: dict[str, Any], tmp_path: Path) -> None:
    told["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [2] * 17
    assert problem_of(told) == "puts more than 16 pieces around a text"
