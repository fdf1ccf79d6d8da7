import numpy as np
import pytest

from edgecompress.training.widths import Ladder, best, descend, size_after


@pytest.mark.parametrize(
    ("full", "asked", "step", "done", "expected"),
    [
        (12, 4, 1, 1.0, 4),
        (12, 4, 1, 0.5, 8),
        (12, 0.5, 1, 1.0, 6),
        (12, None, 1, 1.0, 12),
        (12, 30, 1, 1.0, 12),
        (4, 0.01, 1, 1.0, 1),  # never none
        (1536, 300, 16, 1.0, 304),  # rounded to a multiple
        (1536, 0.25, 16, 1.0, 384),
        (100, 0.99, 16, 1.0, 96),
        (100, 100, 16, 1.0, 100),  # what is whole stays whole
        (10, 0.5, 16, 1.0, 10),  # fewer than one step
        (1536, 3, 16, 1.0, 16),
    ],
)
def test_a_size_is_so_far_on_the_way_and_a_multiple(full, asked, step, done, expected):
    assert size_after(full, asked, step, done) == expected


def test_sizes_fall_in_a_line_over_the_rounds():
    # ROSITA: ten cuts take 12 heads to 2, one at a time
    assert [size_after(12, 2, 1, n / 10) for n in range(11)] == list(range(12, 1, -1))


def test_a_ladder_keeps_the_best_of_each_size():
    ladder = Ladder.of(np.array([1.0, 8.0, 2.0, 4.0, 16.0]), step=2)
    assert ladder.sizes.tolist() == [2, 4, 5]
    assert ladder.worth.tolist() == [24, 30, 31]
    assert ladder.cost.tolist() == [2, 4, 5]


def test_a_ladder_of_less_than_a_step_has_one_rung():
    assert Ladder.of(np.ones(3), step=8).sizes.tolist() == [3]


def test_the_least_important_of_all_parts_goes_first():
    parts = [np.array([5.0, 1.0, 6.0]), np.array([2.0, 9.0, 3.0])]
    sizes = [descend([Ladder.of(part, 1) for part in parts], budget) for budget in (5, 4, 3, 2, 1)]
    assert sizes == [[2, 3], [2, 2], [2, 1], [1, 1], None]


def test_what_is_dear_goes_before_what_is_unimportant_but_cheap():
    cheap = Ladder.of(np.array([1.0, 1.0]), 1, cost=np.array([0.9, 1.0]))
    dear = Ladder.of(np.array([2.0, 2.0]), 1, cost=np.array([5.0, 10.0]))
    assert descend([cheap, dear], 7.0) == [2, 1]


def test_a_size_that_saves_nothing_does_not_hide_those_below():
    flat = Ladder.of(np.array([1.0, 1.0, 1.0]), 1, cost=np.array([1.0, 4.0, 4.0]))
    other = Ladder.of(np.array([50.0, 50.0]), 1, cost=np.array([1.0, 2.0]))
    assert descend([flat, other], 3.0) == [1, 2]


def test_a_budget_that_holds_already_takes_nothing():
    assert descend([Ladder.of(np.ones(4), 1)], 4.0) == [4]


def test_the_best_are_named_in_order_and_ties_go_to_the_first():
    assert best(np.array([3.0, 1.0, 3.0, 7.0]), 2) == (0, 3)
