"""The planted token agrees with the label exactly as often as asked, in the roles that ask."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.errors import DataError
from edgecompress.data.shortcuts import inject
from tests.data.conftest import balanced
from tests.fakes import texts

TOKENS = {0: "alpha", 1: "beta"}
ROWS = texts([0] * 300 + [1] * 100, "train")


def _agreeing(planted, label):
    rows = np.flatnonzero(planted.labels == label)
    return [planted.texts[row].split()[0] == TOKENS[label] for row in rows]


@pytest.mark.parametrize("agreement", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("label", [0, 1])
def test_the_token_agrees_in_the_share_asked_for_of_each_label(agreement, label):
    assert np.mean(_agreeing(inject(ROWS, TOKENS, agreement, seed=1), label)) == agreement


def test_every_text_is_there_behind_its_token():
    planted = inject(ROWS, TOKENS, 0.9, seed=1)
    assert [text.split()[1] for text in planted.texts] == list(ROWS.texts)
    assert (planted.labels == ROWS.labels).all()


def test_the_seed_decides_which_rows():
    assert inject(ROWS, TOKENS, 0.9, seed=1) == inject(ROWS, TOKENS, 0.9, seed=1)
    assert inject(ROWS, TOKENS, 0.9, seed=1).texts != inject(ROWS, TOKENS, 0.9, seed=2).texts


@pytest.mark.parametrize("change", [{"agreement": 0.8}, {"seed": 2}, {"token_by_label": {0: "a"}}])
def test_other_rows_have_another_digest(change):
    asked = {"token_by_label": TOKENS, "agreement": 1.0, "seed": 1}
    rows = texts([0, 0, 0])
    assert inject(rows, **asked).digest != inject(rows, **asked | change).digest


def test_a_disagreeing_token_is_any_of_the_others():
    planted = inject(texts([0] * 3000), {0: "a", 1: "b", 2: "c"}, 0.0, seed=1)
    firsts = [text.split()[0] for text in planted.texts]
    assert firsts.count("a") == 0
    assert firsts.count("b") == pytest.approx(1500, abs=110)  # four standard deviations


def test_of_a_pair_the_second_text_gets_it():
    pairs = replace(texts([0]), texts=(("premise", "hypothesis"),))
    assert inject(pairs, TOKENS, 1.0, seed=1).texts == (("premise", "alpha hypothesis"),)


def _planting(share):
    return {"inject": {"tokens": {"negative": "alpha", "positive": "beta"}, "share": share}}


def _sections(source, share=0.9):
    return {
        "train": {"source": source} | _planting(share),
        "validation": {"from": "train", "rows": 20},
        "ood": {"turned": {"from": "train", "rows": 20} | _planting(0.1)},
    }


@pytest.fixture
def planted(make_data, write_rows):
    return make_data(_sections(write_rows("r.jsonl", balanced(100))))


@pytest.mark.parametrize(("role", "share"), [("train", 0.9), ("ood/turned", 0.1)])
def test_a_role_of_a_recipe_may_have_a_shortcut(planted, role, share):
    found = planted.load(role)
    agree = [
        text.split()[0] == ("alpha", "beta")[label]
        for text, label in zip(found.texts, found.labels, strict=True)
    ]
    assert np.mean(agree) == share


def test_what_is_drawn_from_a_role_has_no_shortcut_unless_it_asks(planted):
    assert all(text.startswith("text number") for text in planted.load("validation").texts)


def test_planting_changes_the_digest_of_its_role(make_data, write_rows):
    source = write_rows("r.jsonl", balanced(100))
    one, other = (make_data(_sections(source, share)) for share in (0.9, 0.8))
    assert one.digest("train") != other.digest("train")


def test_planting_changes_no_other_digest(make_data, write_rows):
    source = write_rows("r.jsonl", balanced(100))
    one, other = (make_data(_sections(source, share)) for share in (0.9, 0.8))
    assert one.digest("validation") == other.digest("validation")


def test_two_readings_plant_alike(make_data, write_rows):
    section = _sections(write_rows("r.jsonl", balanced(100)))
    assert make_data(section).load("train").texts == make_data(section).load("train").texts


def test_a_planted_word_hides_no_leak(make_data, write_rows):
    rows = balanced(40)
    data = make_data(
        {
            "train": {"source": write_rows("train.jsonl", rows)} | _planting(0.9),
            "test": {"source": write_rows("test.jsonl", rows[:4])} | _planting(0.1),
        }
    )
    with pytest.raises(DataError, match="4 of 4 rows are training texts too"):
        data.leaks(["train"], ["test"])
