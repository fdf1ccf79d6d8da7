"""Finalists made up so that each reading is the only right one."""

import pytest

from edgecompress.report.hardness import Reading, hardness
from tests.report.searches import finalist

DEEP, PWWS = "deepwordbug", "pwws"


def of(holding, *kinds):
    (found,) = hardness([finalist("abc", holding, *kinds)], DEEP)
    return found


@pytest.mark.parametrize(
    ("kinds", "reading"),
    [
        # (kind, survivors, the teacher's, right on the teacher's texts), of 200 rows
        ([(DEEP, 90, 34, 150), (PWWS, 84, 30, 148)], Reading.STURDIER),
        ([(DEEP, 140, 34, 90), (PWWS, 84, 30, 148)], Reading.OBSTRUCTED),
        ([(DEEP, 90, 34, 150), (PWWS, 10, 60, 120)], Reading.ONE_KIND),
        ([(DEEP, 36, 34, 150), (PWWS, 10, 60, 120)], Reading.WEAKER),
        ([(DEEP, 90, 34, 150), (PWWS, 32, 30, 120)], Reading.OPEN),
        ([(DEEP, 90, 34, 150)], Reading.OPEN),  # one kind alone shows nothing
    ],
)
def test_three_ways_of_attacking_are_read_together(holding, kinds, reading):
    found = of(holding, *kinds)
    assert found.reading is reading
    assert found.sentence.startswith(f"abc is {reading}: ")


def test_a_small_lead_of_own_texts_is_no_obstruction(holding):
    assert not of(holding, (DEEP, 95, 34, 90)).attacked[0].obstructed


@pytest.mark.parametrize("bounds", ["@80", "-10%", "-10%@80"])
def test_bounds_in_the_name_of_an_attack_do_not_hide_its_kind(bounds, holding):
    kinds = of(holding, (f"{DEEP}{bounds}", 90, 34, 150), (PWWS, 84, 30, 148)).attacked
    assert [one.searched for one in kinds] == [True, False]


def test_a_gate_without_attacks_says_nothing(holding):
    assert hardness([finalist("abc", holding)], DEEP) == []


def test_the_sentence_names_what_it_rests_on(holding):
    sentence = of(holding, (DEEP, 140, 34, 90), (PWWS, 84, 30, 148)).sentence
    assert "leave it 45.0 % right, texts made for it by deepwordbug 70.0 %" in sentence
