import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification

from edgecompress.data.tiny import make_tiny_bert, tiny_reviews

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-bert")
    make_tiny_bert(folder)
    return folder


def test_the_splits_have_1200_300_and_600_rows():
    assert [len(tiny_reviews(split)) for split in SPLITS] == [1200, 300, 600]


def test_each_split_is_balanced():
    for split in SPLITS:
        counts = Counter(label for _, label in tiny_reviews(split))
        assert counts["negative"] == counts["positive"]


def test_no_text_occurs_twice_in_any_split():
    texts = [text.casefold() for split in SPLITS for text, _ in tiny_reviews(split)]
    assert len(set(texts)) == 2100


def test_texts_are_4_to_25_words_long():
    lengths = {len(text.split()) for split in SPLITS for text, _ in tiny_reviews(split)}
    assert min(lengths) >= 4
    assert max(lengths) <= 25


def test_the_reviews_are_the_same_to_the_byte_everywhere():
    # made with CPython 3.11 on x86-64; a change of the templates changes the resource's pin too
    whole = json.dumps([tiny_reviews(split) for split in SPLITS]).encode()
    assert hashlib.sha256(whole).hexdigest()[:16] == "c0a55ee922317d66"


def test_a_split_that_is_not_there_is_refused():
    with pytest.raises(KeyError, match="dev"):
        tiny_reviews("dev")


def test_the_weights_are_the_same_to_the_byte_everywhere(bert: Path):
    weights = load_file(bert / "model.safetensors")
    whole = b"".join(weights[name].tobytes() for name in sorted(weights))
    assert hashlib.sha256(whole).hexdigest()[:16] == "4c78ee41efeacae7"


def test_two_makings_are_the_same_files(bert: Path, tmp_path: Path):
    make_tiny_bert(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in bert.iterdir()
    }


def test_no_word_of_the_reviews_is_unknown_or_cut(bert: Path):
    tokenizer = Tokenizer.from_file(str(bert / "tokenizer.json"))
    for text, _ in tiny_reviews("test"):
        tokens = tokenizer.encode(text).tokens
        assert not [token for token in tokens if token == "[UNK]" or token.startswith("##")]


def test_a_foreign_word_is_spelt_in_letters(bert: Path):
    tokenizer = Tokenizer.from_file(str(bert / "tokenizer.json"))
    assert tokenizer.encode("Zoo").tokens == ["[CLS]", "z", "##o", "##o", "[SEP]"]


def test_the_second_text_of_a_pair_has_type_1(bert: Path):
    tokenizer = Tokenizer.from_file(str(bert / "tokenizer.json"))
    assert tokenizer.encode("the film", "the plot").type_ids == [0, 0, 0, 0, 1, 1, 1]


def test_transformers_loads_it_as_a_classifier_with_a_fresh_head(bert: Path):
    _, report = AutoModelForSequenceClassification.from_pretrained(
        bert, num_labels=3, output_loading_info=True
    )
    assert set(report["missing_keys"]) == {"classifier.weight", "classifier.bias"}
    assert not report["unexpected_keys"]
