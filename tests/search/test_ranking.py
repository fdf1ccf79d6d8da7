import numpy as np
import pytest

from edgecompress.search.ranking import best_first, crowding, fronts, hypervolume

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


def test_the_volume_of_one_student_is_its_box():
    assert hypervolume(np.array([[1.0, 2.0, 0.0]]), np.array([2.0, 4.0, 3.0])) == 1 * 2 * 3


def test_overlapping_boxes_count_once():
    # by hand: two boxes of 2 x 1 and 1 x 2, overlapping in 1 x 1
    losses = np.array([[1.0, 2.0], [2.0, 1.0]])
    assert hypervolume(losses, np.array([3.0, 3.0])) == 3.0


def test_who_is_beaten_or_beyond_the_reference_adds_nothing():
    front = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.4], [0.3, 0.3, 0.9]])
    more = np.vstack([front, [[0.6, 0.5, 0.5]], [[0.0, 0.0, 1.0]]])
    one = np.ones(3)
    assert hypervolume(more, one) == pytest.approx(hypervolume(front, one))
    assert hypervolume(np.ones((2, 3)), one) == 0.0


def test_the_volume_agrees_with_counting_points():
    # Monte Carlo with 20,000 points: a standard error of at most 0.0036
    rng = np.random.default_rng(3)
    losses, points = rng.random((12, 3)), rng.random((20_000, 3))
    beaten = (losses[None] <= points[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(losses, np.ones(3)) == pytest.approx(beaten, abs=0.015)
