import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.data.draws import draw, text_key


def test_a_draw_keeps_the_share_of_each_label():
    labels = np.array([0] * 70 + [1] * 20 + [2] * 10)
    assert np.bincount(labels[draw(labels, 10, "7/test")]).tolist() == [7, 2, 1]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_a_draw_has_the_rows_asked_for_once_each_in_order(labels: list[int], data: st.DataObject):
    wanted = data.draw(st.integers(1, len(labels)))
    picked = draw(np.array(labels), wanted, "lot").tolist()
    assert picked == sorted(set(picked))
    assert len(picked) == wanted


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_no_label_is_more_than_one_row_off_its_share(labels: list[int], data: st.DataObject):
    wanted = data.draw(st.integers(1, len(labels)))
    counts = np.bincount(labels, minlength=5)
    drawn = np.bincount(np.array(labels)[draw(np.array(labels), wanted, "lot")], minlength=5)
    assert np.all(np.abs(drawn - wanted * counts / len(labels)) < 1)


def test_another_lot_draws_other_rows():
    labels = np.zeros(1000, np.int64)
    assert draw(labels, 100, "7/test").tolist() != draw(labels, 100, "8/test").tolist()


def test_a_draw_is_the_same_on_every_machine():
    # made with CPython 3.11; random.Random(text).random() is promised to stay
    assert draw(np.arange(20) % 2, 6, "7/test").tolist() == [3, 4, 8, 13, 15, 18]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Good  film", " good\nfilm "), ("caf\u00e9", "CAFE\u0301"), ("stra\u00dfe", "STRASSE")],
)
def test_case_spacing_and_composition_do_not_tell_texts_apart(one: str, other: str):
    assert text_key(one) == text_key(other)


def test_punctuation_tells_texts_apart():
    assert text_key("good film") != text_key("good film!")


def test_pairs_are_compared_side_by_side():
    assert text_key(("A b", "c")) == text_key(("a  B", "C"))
    assert text_key(("a b", "c")) != text_key(("a", "b c"))
