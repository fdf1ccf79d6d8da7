from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.data.changed_texts import Augmentation, Place, changed_texts, content_words
from edgecompress.recipe.learning import Augment


class Numbered:
    """Proposes the word with a letter behind it: filma, filmb, filmc."""

    def propose(self, places, count):
        return [[place.word.lower() + letter for letter in "abcdefgh"[:count]] for place in places]


class Silence:
    """Knows no words."""

    def propose(self, places, count):
        return [[] for _ in places]


def texts(*rows, name="train"):
    origins = tuple(f"{name}.csv:{row + 2}" for row in range(len(rows)))
    return TextSet(name, rows, np.zeros(len(rows), np.int64), origins, "0" * 64)


def change(origin, apart_from=(), proposer=None, seed=7, **settings):
    asked = Augment(**({"rows": 20, "candidates": 3} | settings))
    how = Augmentation(asked, proposer or Numbered(), seed)
    return changed_texts(origin, apart_from, how, Silent())


FILMS = texts("a moving film with a fine cast", "the plot is thin", "Boring, and not short")


def test_content_words_are_of_letters_and_carry_more_than_grammar():
    text = "The film isn't bad: 2nd-rate cast, it's the Oscars' (and rock'n'roll) naïve_x."
    assert [p.word for p in content_words(text)] == ["film", "bad", "rate", "cast", "Oscars"]


def test_a_place_says_where_its_word_stands():
    found = content_words("a fine, fine cast", member=1)
    assert found == [Place("a fine, fine cast", *ends, 1) for ends in ((2, 6), (8, 12), (13, 17))]


def test_all_new_texts_are_distinct_and_none_is_an_old_one():
    made = change(FILMS)
    found = {change.text for change in made}
    assert len(found) == len(made) == 20
    assert not found & set(FILMS.texts)


def test_only_content_words_change_and_all_around_them_stays():
    made = change(texts("(The film): it's, uh, fine!"), replace=1.0, candidates=1, rows=1)
    assert [change.text for change in made] == ["(The filma): it's, uha, finea!"]


def test_a_capital_stays_a_capital():
    made = change(texts("Films bore Anna"), replace=1.0, candidates=1, rows=1)
    assert [change.text for change in made] == ["Filmsa borea Annaa"]


def test_every_old_text_has_its_turn_before_one_comes_again():
    many = texts(*(f"{letter}oo{letter}s are odd films" for letter in "bcdfghjklmnpqrst"))
    rows = [change.row for change in change(many, rows=32, replace=1.0)]
    assert sorted(rows[:16]) == list(range(16))
    assert sorted(rows[16:]) == list(range(16))
    assert rows[:16] != list(range(16))  # else few texts of a sorted file would stand for all


def test_fewer_are_asked_for_than_there_are_old_texts():
    assert len(change(FILMS, rows=2)) == 2


def test_the_share_of_replaced_words_is_the_one_asked_for():
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike papa"
    made = change(texts(words), rows=30, replace=0.4, candidates=8)
    shares = [
        np.mean([a != b for a, b in zip(change.text.split(), words.split(), strict=True)])
        for change in made
    ]
    # 30 texts of 14 words: the standard error of a share of 0.4 is 0.024
    assert np.mean(shares) == pytest.approx(0.4, abs=0.08)


def test_texts_of_other_roles_are_never_made():
    free = {change.text for change in change(texts("a film"), rows=3)}
    assert free == {"a filma", "a filmb", "a filmc"}
    held_out = texts("A  FILMB", name="validation")  # the same but for case and spacing
    assert {c.text for c in change(texts("a film"), [held_out], rows=3)} == {"a filma", "a filmc"}


def test_there_are_fewer_where_no_more_can_be_made():
    assert len(change(texts("a film"), rows=1000)) == 3
    assert change(FILMS, proposer=Silence()) == []
    assert change(texts("it is not!", "1 2 3")) == []


def test_of_a_pair_one_text_changes_or_both_and_always_the_original_ones():
    pair = ("the man sleeps", "nobody runs fast")
    made = [change.text for change in change(texts(pair), rows=60, replace=1.0, candidates=8)]
    changed = [tuple(a != b for a, b in zip(text, pair, strict=True)) for text in made]
    assert set(changed) == {(True, False), (False, True), (True, True)}
    grown = {len(new) - len(was) for text in made for new, was in zip(text, pair, strict=True)}
    assert grown <= {0, 1, 2, 3}  # one letter for each word that was changed, and none twice


def test_the_same_seed_gives_the_same_texts_and_another_gives_others():
    assert change(FILMS) == change(FILMS)
    assert change(FILMS) != change(FILMS, seed=8)


def test_more_rows_go_on_from_where_fewer_ended():
    assert change(FILMS, rows=30)[:20] == change(FILMS, rows=20)


def test_a_longer_file_does_not_disturb_what_is_made_of_a_row():
    more = replace(FILMS, texts=(*FILMS.texts, "one more film"), origins=(*FILMS.origins, "x:1"))
    first = [c.text for c in change(FILMS, rows=3, replace=1.0) if c.row == 0]
    assert first[0] in [c.text for c in change(more, rows=4, replace=1.0) if c.row == 0]
