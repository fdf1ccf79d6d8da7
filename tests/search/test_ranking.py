import numpy as np
import pytest

from edgecompress.search.ranking import best_first, crowding, fronts

# By hand: a and b trade off, c is beaten by a alone, d by all.
FOUR = np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 4.0], [4.0, 5.0]])


def test_fronts_peel_off_one_by_one():
    assert fronts(FOUR).tolist() == [0, 0, 1, 2]


def test_equal_students_share_a_front():
    assert fronts(np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 1.0]])).tolist() == [0, 0, 1]


def test_the_ends_of_a_front_have_the_most_room():
    room = crowding(np.array([[0.0, 4.0], [1.0, 2.0], [2.0, 1.0], [4.0, 0.0]]))
    assert room[[0, 3]].tolist() == [np.inf, np.inf]
    # neighbours of the second: (2 - 0) / 4 and (4 - 1) / 4
    assert room[1] == pytest.approx(0.5 + 0.75)


def test_a_goal_in_which_all_are_alike_gives_nobody_room():
    room = crowding(np.array([[0.0, 1.0], [1.0, 1.0], [3.0, 1.0]]))
    assert room[1] == pytest.approx(1.0)


def test_better_fronts_come_first_then_room_then_order():
    many = np.array([[0.0, 4.0], [1.0, 2.0], [1.1, 1.9], [4.0, 0.0], [5.0, 5.0]])
    assert best_first(many)[:2] == [0, 3]
    assert best_first(many)[-1] == 4
    assert best_first(np.empty((0, 2))) == []
