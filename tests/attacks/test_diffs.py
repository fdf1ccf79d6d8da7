"""What an attack changed, word by word."""

from edgecompress.attacks.diffs import share_changed, word_count, word_diff


def test_what_went_stands_before_what_came():
    assert word_diff("a good film indeed", "a fine film indeed") == [
        ("same", "a"),
        ("gone", "good"),
        ("new", "fine"),
        ("same", "film indeed"),
    ]


def test_the_two_texts_of_a_pair_are_joined():
    assert word_diff(("one two", "three"), ("one", "three")) == [
        ("same", "one"),
        ("gone", "two"),
        ("same", "⏵ three"),
    ]


def test_the_share_is_of_the_words_that_were_there():
    assert share_changed("do not go there", "don't go there") == 0.5
    assert share_changed(("a b", "c d"), ("a b", "x d")) == 0.25


def test_a_text_without_words_cannot_change():
    assert share_changed("", "new") == 0.0


def test_words_of_both_texts_are_counted():
    assert word_count(("one two", " three ")) == 3
