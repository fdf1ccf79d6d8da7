"""The planted token agrees with the label exactly as often as asked."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.shortcuts import inject
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
