"""Expected ids are read off the vocabulary of conftest.py: [CLS] 2, [SEP] 3, a 4, bad 5 ..."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.text import TextEncoder


def change_tokenizer(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "tokenizer.json"
    settings = json.loads(path.read_text())
    change(settings)
    path.write_text(json.dumps(settings))


def say_max_length(folder: Path, length: object) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": length}))


def test_a_single_text_gets_both_special_tokens(folder: Path) -> None:
    (encoded,) = TextEncoder(folder).encode(["A good film"])
    assert (encoded.ids, encoded.type_ids) == ([2, 4, 6, 7, 3], [0, 0, 0, 0, 0])
    assert not encoded.truncated


def test_a_pair_is_told_apart_by_its_type_ids(folder: Path) -> None:
    (encoded,) = TextEncoder(folder).encode([("good film", "bad")])
    assert encoded.ids == [2, 6, 7, 3, 5, 3]
    assert encoded.type_ids == [0, 0, 0, 0, 1, 1]


def test_an_empty_text_is_its_special_tokens(folder: Path) -> None:
    assert TextEncoder(folder).encode([""])[0].ids == [2, 3]


def test_a_long_text_is_cut_and_says_so(folder: Path) -> None:
    short, long = TextEncoder(folder, max_length=5).encode(["a good film", "a good good film"])
    assert (short.truncated, long.truncated) == (False, True)
    assert long.ids == [2, 4, 6, 6, 3]


def test_a_pair_is_cut_from_its_longer_half(folder: Path) -> None:
    (encoded,) = TextEncoder(folder, max_length=7).encode([("bad", "good good good film film")])
    assert encoded.ids == [2, 5, 3, 6, 6, 6, 3]


def test_the_length_comes_from_tokenizer_config(folder: Path) -> None:
    say_max_length(folder, 64)
    assert TextEncoder(folder).max_length == 64


@pytest.mark.parametrize("length", [10**30, 0, -1, True, "64", None, 1e3])
def test_a_length_nobody_meant_becomes_512(folder: Path, length: object) -> None:
    say_max_length(folder, length)
    assert TextEncoder(folder).max_length == 512


def test_a_length_without_room_for_text_is_refused(folder: Path) -> None:
    # tokenizers itself would silently not cut at all: three special tokens never fit in two.
    with pytest.raises(InputError, match="more than the 3 special tokens of a pair, got 3"):
        TextEncoder(folder, max_length=3)


def test_a_folder_whose_own_length_leaves_no_room_is_broken(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 3}')
    with pytest.raises(
        IntegrityError, match=r"special tokens of a pair, tokenizer_config\.json says 3"
    ):
        TextEncoder(folder)


def test_truncation_and_padding_stored_in_the_file_are_ignored(folder: Path) -> None:
    plain = TextEncoder(folder).encode(["a good film"])

    def store_both(settings: dict[str, Any]) -> None:
        settings["truncation"] = {
            "direction": "Left",
            "max_length": 4,
            "strategy": "LongestFirst",
            "stride": 0,
        }
        settings["padding"] = {
            "strategy": {"Fixed": 9},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        }

    change_tokenizer(folder, store_both)
    assert TextEncoder(folder).encode(["a good film"]) == plain


def test_ten_million_characters_cost_no_more_than_the_cap(folder: Path) -> None:
    encoder = TextEncoder(folder, max_length=128)
    text = "good film " * 1_000_000
    start = time.perf_counter()
    (encoded,) = encoder.encode([text])
    assert time.perf_counter() - start < 1.0  # uncapped: seconds
    assert (len(encoded.ids), encoded.truncated) == (128, True)


def test_a_word_beyond_the_cap_counts_as_truncation(folder: Path) -> None:
    (encoded,) = TextEncoder(folder, max_length=8).encode([" " * 256 + "good"])
    assert (encoded.ids, encoded.truncated) == ([2, 3], True)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (3, "got int"),
        (None, "got NoneType"),
        (b"good", "got bytes"),
        (["good", "film"], "got list"),
        (("good",), r"got \(str\)"),
        (("good", 3), r"got \(str, int\)"),
        (("a", "a", "a"), r"got \(str, str, str\)"),
    ],
)
def test_what_is_not_a_text_is_named(folder: Path, text: Any, seen: str) -> None:
    with pytest.raises(InputError, match=f"text 1: {seen}; a text is"):
        TextEncoder(folder).encode(["good", text])


def test_a_lone_surrogate_is_the_texts_fault(folder: Path) -> None:
    with pytest.raises(InputError, match=r"text 0: cannot be tokenized: .*surrogates not allowed"):
        TextEncoder(folder).encode(["good \ud800"])


def test_a_text_that_leaves_no_token_is_refused(folder: Path) -> None:
    change_tokenizer(folder, lambda settings: settings.update(post_processor=None))
    with pytest.raises(InputError, match="text 0: nothing is left"):
        TextEncoder(folder).encode([" "])


def test_a_panic_of_the_tokenizer_at_load_is_a_broken_file(folder: Path) -> None:
    change_tokenizer(folder, lambda s: s.update(pre_tokenizer={"type": "FixedLength", "length": 0}))
    with pytest.raises(IntegrityError, match=r"tokenizer.json: not a usable tokenizer: chunk size"):
        TextEncoder(folder)


def test_a_panic_on_one_text_names_that_text(folder: Path) -> None:
    # A pattern that backtracks exponentially: the regular expression engine gives up and panics.
    split = {
        "type": "Split",
        "pattern": {"Regex": "(a+)+$"},
        "behavior": "Isolated",
        "invert": False,
    }
    change_tokenizer(folder, lambda settings: settings.update(pre_tokenizer=split))
    encoder = TextEncoder(folder)
    with pytest.raises(InputError, match=r"text 1: cannot be tokenized: .*retry-limit"):
        encoder.encode(["good", "a" * 30 + "b"])


def test_an_interrupt_is_not_swallowed(folder: Path) -> None:
    encoder = TextEncoder(folder)

    class Interrupted:
        def encode(self, *parts: str | None) -> None:
            raise KeyboardInterrupt

    encoder._tokenizer = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(["good"])


@pytest.mark.parametrize("content", ["", "{}", "null", "\x00\xff"])
def test_a_broken_tokenizer_file_is_named(folder: Path, content: str) -> None:
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"tokenizer\.json: not a usable tokenizer"):
        TextEncoder(folder)


def test_a_missing_tokenizer_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"tokenizer\.json: missing"):
        TextEncoder(tmp_path)


@pytest.mark.parametrize(("content", "seen"), [("{", "not JSON"), ("[]", "got list")])
def test_broken_settings_are_named(folder: Path, content: str, seen: str) -> None:
    (folder / "tokenizer_config.json").write_text(content)
    with pytest.raises(IntegrityError, match=rf"tokenizer_config\.json: .*{seen}"):
        TextEncoder(folder)


def test_the_pad_token_may_be_written_as_an_object(folder: Path) -> None:
    settings = {"pad_token": {"content": "[UNK]", "__type": "AddedToken"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert TextEncoder(folder).pad_id == 1


def test_the_pad_token_is_found_without_settings(folder: Path) -> None:
    assert TextEncoder(folder).pad_id == 0


def test_the_vocabulary_size_counts_the_largest_id(folder: Path) -> None:
    assert TextEncoder(folder).vocab_size == 10
