"""How a front grows, on the toy whose best students are known, and the other way told from it."""

from contextlib import suppress

import pytest

from edgecompress.search.growth import Box, growth
from edgecompress.search.replay import other_way
from tests.search.toys import Killed, Workers, course, run

FEW = {"budget": {"evaluations": 46}, "survivors": 0.5}


@pytest.fixture
def evolved(tmp_path):
    return run(course(tmp_path, Workers(), **FEW))


def test_the_box_lies_between_the_best_and_the_worst_first_training(evolved):
    box = Box.around([evolved])
    known = [one for one in evolved.students if one.has(["robustness", "accuracy"])]
    assert box.best[0] == min(-one.first.value("robustness") for one in known)
    assert box.worst[1] == max(-one.first.value("accuracy") for one in known)


def test_a_front_only_grows_and_ends_at_all_that_was_tried(evolved):
    box = Box.around([evolved])
    points = growth(evolved, box)
    shares = [share for _, share in points]
    assert shares == sorted(shares)
    assert points[0] == (0, 0.0)
    assert points[-1][0] == len(evolved.students)
    every = [one.first for one in evolved.students if one.has(["robustness", "accuracy"])]
    assert points[-1][1] == pytest.approx(box.share(every))


def test_where_nobody_has_all_goals_there_is_no_box(tmp_path):
    (tmp_path / "none").mkdir()
    nobody = course(tmp_path / "none", Workers(), **FEW)
    assert Box.around([nobody]) is None


def test_the_other_way_is_told_from_the_journal_as_its_own_run_would_have(tmp_path, evolved):
    assert other_way(evolved, workers=3) is None  # nobody has made it
    drawn = run(course(tmp_path, Workers(), random=True, **FEW))
    told = other_way(evolved, workers=3)
    assert told is not None
    assert told.evolution.random
    assert [(s.name, s.found) for s in told.students] == [(s.name, s.found) for s in drawn.students]
    back = other_way(drawn, workers=3)
    assert back is not None
    assert [s.name for s in back.front()] == [s.name for s in evolved.front()]


def test_a_baseline_that_was_stopped_half_way_is_not_told(tmp_path, evolved):
    drawn = course(tmp_path, Workers(killed_after=30), random=True, **FEW)
    with suppress(Killed):
        run(drawn)
    assert other_way(evolved, workers=3) is None


def test_seconds_are_told_by_rung(evolved):
    elite = next(one for one in evolved.students if len(one.found) == 3)
    assert elite.seconds == {"train": 6.0, "attack": 6.0}  # the toy says 2 s of each
