"""The word-sum model of conftest.py answers golden texts as itself, almost, and not at all."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.golden import FILE, check_golden, golden_text, read_golden, write_golden
from edgecompress.runtime.model import EdgeModel

TEXTS = ["good", "bad", "good good film", ("not bad", "good"), "a film \u2028 good", "bad bad"]


def words(good: float, bad: float) -> np.ndarray:
    table = np.zeros((10, 2))
    table[5, 0], table[6, 1] = bad, good
    return table


def load(folder: Path) -> EdgeModel:
    return EdgeModel.load(folder, verify=False)


@pytest.fixture
def folder_with_golden(make_model: Any) -> Path:
    folder = make_model()
    write_golden(folder, TEXTS)
    return folder


def test_a_line_holds_text_ids_and_logits(folder_with_golden: Path) -> None:
    lines = (folder_with_golden / FILE).read_text().splitlines()
    assert json.loads(lines[0]) == {"text": "good", "ids": [2, 6, 3], "logits": [0.0, 1.0]}
    assert json.loads(lines[3])["text_pair"] == "good"
    assert len(lines) == len(TEXTS)  # a text's own line separators do not end a line


def test_texts_come_back_as_they_went(folder_with_golden: Path) -> None:
    assert [golden_text(answer) for answer in read_golden(folder_with_golden)] == TEXTS


def test_the_same_model_moves_nothing(folder_with_golden: Path) -> None:
    found = check_golden(load(folder_with_golden), read_golden(folder_with_golden))
    assert found.holds
    assert (found.texts, found.other_ids, found.other_labels) == (6, 0, 0)
    assert found.max_abs == found.drift == 0


@pytest.mark.parametrize(
    ("table", "holds"),
    [
        (words(good=1.01, bad=0.99), True),  # rounding
        (words(good=1.3, bad=0.7), False),  # another scale
        (words(good=-1, bad=-1), False),  # the labels turned round
        (words(good=0, bad=0), False),  # a model that learnt nothing
        (words(good=np.nan, bad=1), False),
        (words(good=np.inf, bad=1), False),
    ],
)
def test_only_rounding_is_forgiven(
    folder_with_golden: Path, make_model: Any, table: np.ndarray, holds: bool
) -> None:
    answers = read_golden(folder_with_golden)
    assert check_golden(load(make_model(table=table)), answers).holds is holds


def test_another_tokenizer_is_noticed_by_its_ids(folder_with_golden: Path) -> None:
    path = folder_with_golden / "tokenizer.json"
    path.write_text(
        path.read_text().replace('"film": 7', '"film": 9').replace('"##s": 9', '"##s": 7')
    )
    found = check_golden(load(folder_with_golden), read_golden(folder_with_golden))
    assert (found.other_ids, found.drift, found.holds) == (2, 0, False)


def test_a_model_that_cannot_vary_is_compared_absolutely(make_model: Any) -> None:
    folder = make_model(table=np.zeros((10, 2)))
    write_golden(folder, TEXTS)
    answers = read_golden(folder)
    assert check_golden(load(folder), answers).holds
    assert not check_golden(load(make_model()), answers).holds


def test_the_verdict_reads_as_a_sentence(folder_with_golden: Path) -> None:
    found = check_golden(load(folder_with_golden), read_golden(folder_with_golden))
    assert re.fullmatch(r"6 golden texts: 0 .* at most; drift 0\.0000, allowed 0\.1", str(found))


def test_no_texts_prove_nothing(make_model: Any) -> None:
    with pytest.raises(InputError, match="at least one text"):
        write_golden(make_model(), [])


def test_answers_that_are_no_numbers_are_not_golden(make_model: Any) -> None:
    with pytest.raises(IntegrityError, match="not a number"):
        write_golden(make_model(table=words(good=np.nan, bad=0)), TEXTS)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"text": "a"}', '{"text": "a", "ids": 3, "logits": [0, 1]}', "\xff"]
)
def test_a_broken_file_is_named(folder_with_golden: Path, content: str) -> None:
    (folder_with_golden / FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(IntegrityError, match=r"golden\.jsonl: (empty|a line is not)"):
        read_golden(folder_with_golden)


def test_a_missing_file_is_named(make_model: Any) -> None:
    with pytest.raises(IntegrityError, match=r"golden\.jsonl: missing"):
        read_golden(make_model())


def test_answers_about_other_labels_are_refused(folder_with_golden: Path) -> None:
    path = folder_with_golden / FILE
    path.write_text('{"text": "a", "ids": [2, 4, 3], "logits": [0, 1, 2]}\n')
    with pytest.raises(IntegrityError, match="not about 2 labels"):
        check_golden(load(folder_with_golden), read_golden(folder_with_golden))


def test_ten_thousand_answers_are_enough(folder_with_golden: Path) -> None:
    line = '{"text": "a", "ids": [1], "logits": [0, 1]}\n'
    (folder_with_golden / FILE).write_text(line * 10_001)
    with pytest.raises(IntegrityError, match="more than 10,000 answers"):
        read_golden(folder_with_golden)
