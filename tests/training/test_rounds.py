import pytest

from edgecompress.core.errors import StageError
from edgecompress.recipe.shrinking import Prune
from edgecompress.training.rounds import Course, Goal, plan_cuts, plan_legs

TRAIN = Course("train", 2, 100)
TRANSFER = Course("transfer", 1, 300)


def asking(**values) -> Prune:
    return Prune(kind="prune", **values)


def spans(legs) -> list[tuple[str, tuple[int, int], bool, bool]]:
    return [(leg.course.role, leg.span, leg.cut is not None, leg.final) for leg in legs]


def test_one_round_cuts_all_at_once():
    assert plan_cuts(asking(heads=2, layers=4), depth=6, layers=4) == [Goal(4, 1.0)]


def test_depth_is_cut_before_width():
    cuts = plan_cuts(asking(heads=2, layers=4, rounds=4), depth=6, layers=4)
    assert cuts == [Goal(5, 0), Goal(4, 0), *(Goal(4, n / 4) for n in (1, 2, 3, 4))]


def test_depth_alone_is_cut_a_layer_at_a_time_at_most():
    assert plan_cuts(asking(layers=8, rounds=9), 12, 8) == [Goal(n, 0) for n in (11, 10, 9, 8)]
    assert plan_cuts(asking(layers=2, rounds=2), 12, 2) == [Goal(7, 0), Goal(2, 0)]


def test_a_single_cut_comes_before_all_training():
    legs = plan_legs([Goal(4, 1.0)], [TRAIN], asking(heads=2))
    assert spans(legs) == [("train", (0, 100), True, True)]
    assert legs[0].name == "train"


def test_cuts_are_spread_evenly_over_their_share_of_the_steps():
    cuts = [Goal(4, n / 4) for n in range(1, 5)]
    legs = plan_legs(cuts, [TRAIN], asking(heads=2, pruning_share=0.2))
    assert spans(legs) == [
        ("train", (0, 5), True, False),
        ("train", (5, 10), True, False),
        ("train", (10, 15), True, False),
        ("train", (15, 100), True, True),
    ]
    assert [leg.cut for leg in legs] == cuts
    assert [leg.name for leg in legs] == ["train-0", "train-5", "train-10", "train-15"]


def test_cuts_go_on_from_one_course_to_the_next():
    legs = plan_legs([Goal(4, 0.5), Goal(4, 1.0)], [TRAIN, TRANSFER], asking(pruning_share=1.0))
    assert spans(legs) == [
        ("train", (0, 100), True, False),
        ("transfer", (0, 100), False, False),
        ("transfer", (100, 300), True, True),
    ]


def test_a_cut_may_fall_between_two_courses():
    legs = plan_legs(
        [Goal(4, n / 4) for n in (1, 2, 3, 4)], [TRAIN, TRANSFER], asking(pruning_share=1)
    )
    assert spans(legs)[:2] == [
        ("train", (0, 100), True, False),
        ("transfer", (0, 100), True, False),
    ]


def test_every_step_is_taken_once():
    for cuts in (1, 3, 7, 13):
        goals = [Goal(1, (n + 1) / cuts) for n in range(cuts)]
        legs = plan_legs(goals, [TRANSFER, TRAIN], asking(pruning_share=0.9))
        for course in (TRANSFER, TRAIN):
            own = [leg.span for leg in legs if leg.course is course]
            assert own[0][0] == 0
            assert own[-1][1] == course.steps
            assert [last for _, last in own[:-1]] == [first for first, _ in own[1:]]


def test_more_cuts_than_steps_are_refused():
    with pytest.raises(StageError, match="3 cuts do not fit into the first 2 of 100 steps"):
        plan_legs([Goal(1, n / 3) for n in (1, 2, 3)], [TRAIN], asking(pruning_share=0.02))
