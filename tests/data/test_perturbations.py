"""Each kind of change does what it says, the same way every time, and leaves the rest alone."""

import re

import pytest

from edgecompress.data.entities import GROUP_OF, GROUPS
from edgecompress.data.perturbations import KINDS, suites

REVIEWS = [
    "Julia Roberts is not at her best, but London never looked better.",
    "a wonderful little film about Germany",
    "the acting was superb",
    "nothing here works for anybody",
]


def _changed(kind, text, seed=7):
    """What one text becomes; None where it is left out."""
    (suite,) = suites(kind, [text], seed)
    return suite.texts[0] if suite.texts else None


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_texts(kind):
    assert [s.texts for s in suites(kind, REVIEWS, 7)] == [
        s.texts for s in suites(kind, REVIEWS, 7)
    ]


def test_another_seed_gives_other_typos():
    assert suites("typos", REVIEWS, 7)[0].texts != suites("typos", REVIEWS, 8)[0].texts


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_becomes_the_same_whatever_stands_around_it(kind):
    for alone, among in zip(
        suites(kind, REVIEWS[:1], 7), suites(kind, REVIEWS[::-1], 7), strict=True
    ):
        assert alone.texts == among.texts[-1:]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_in_which_nothing_changes_are_left_out(kind):
    for suite in suites(kind, ["?! 12 :-)", *REVIEWS], 7):
        assert 0 not in suite.rows
        assert [REVIEWS[row - 1] for row in suite.rows] != list(suite.texts)


@pytest.mark.parametrize("seed", range(20))
def test_a_typo_changes_one_or_two_words_and_no_stop_word(seed):
    text = "the remarkable actors were brilliant because everything works"
    before, after = text.split(), _changed("typos", text, seed).split()
    touched = [old for old, new in zip(before, after, strict=True) if old != new]
    assert 1 <= len(touched) <= 2
    assert set(touched) <= {"remarkable", "actors", "brilliant", "works"}


@pytest.mark.parametrize("seed", range(20))
def test_a_typo_keeps_the_first_letter(seed):
    new = _changed("typos", "brilliant", seed)
    assert (new[0], new != "brilliant") == ("b", True)
    assert abs(len(new) - len("brilliant")) <= 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("this is not good", "this is good"),
        ("this isn't good", "this is good"),
        ("this is n't good", "this is good"),
        ("it can't work", "it can work"),
        ("it cannot work", "it can work"),
        ("it won’t work", "it will work"),
        ("I never laughed", "I laughed"),
        ("this is good", "this is not good"),
        ("It WAS good and is bad", "It WAS not good and is bad"),
        ("good", None),
        ("never", None),
        ("an island of canned fish", None),
    ],
)
def test_a_negation_is_taken_out_or_put_in(before, after):
    assert _changed("negation", before) == after


def test_of_a_pair_the_second_text_is_negated():
    assert _changed("negation", ("it is so", "he was there")) == ("it is so", "he was not there")


def test_casing_comes_in_three_suites():
    found = {s.name: s.texts for s in suites("casing", ["Don't mix it"], 7)}
    assert found == {
        "upper case": ("DON'T MIX IT",),
        "lower case": ("don't mix it",),
        "title case": ("Don't Mix It",),
    }


def test_a_name_gives_way_to_one_of_its_kind_spelled_as_it_was():
    first, second, third = _changed("entities", "Julia met PETER in london").split()[0::2]
    assert first in [name.capitalize() for name in GROUP_OF["julia"]]
    assert second.islower() is False
    assert second.isupper()
    assert third in GROUP_OF["london"]


def test_a_name_is_the_same_throughout_a_pair():
    premise, claim = _changed("entities", ("Berlin is large", "people live in Berlin's houses"))
    assert premise.split()[0] == claim.split()[3].removesuffix("'s") != "Berlin"


def test_two_names_stay_two():
    words = re.findall(r"\w+", _changed("entities", "Anna, Emma, Laura and Maria"))
    assert len({*words} - {"and"}) == 4


def test_no_name_has_two_kinds():
    assert sum(map(len, GROUPS)) == len(GROUP_OF)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_break_nothing(kind):
    texts = ["", "\n", "🙂" * 50, "ß" * 9, "İstanbul İİİİ", "a" * 5000, ("", "x")]
    for suite in suites(kind, texts, 7):
        assert len(suite.rows) == len(suite.texts)
