"""Two models against each other."""

import pytest

from edgecompress.core.progress import Silent
from edgecompress.workflow.duel import ROUND, Duel
from edgecompress.workflow.service import Service
from tests.fakes import Busy


class Model:
    """A model whose every answer costs so much CPU time."""

    def __init__(self, seconds):
        self.predict = Busy(seconds).logits


def duel(rows=4 * ROUND):
    return Duel(["a text"] * rows, Service(), Silent())


def test_a_model_that_works_half_as_long_again_is_slower_by_half():
    one = duel()
    found = one.slowdown(*one.times(lambda: Model(0.0003), lambda: Model(0.0002), "", 7))
    assert found.value == pytest.approx(0.5, abs=0.1)
    assert (found.name, found.unit, found.n) == ("slowdown", "fraction", 4 * ROUND)


def test_both_are_loaded_anew_in_every_round():
    loaded = []
    load = lambda: loaded.append(1) or Model(0.0)  # noqa: E731  # a fake in one line
    duel(3 * ROUND).times(load, load, "", 7)
    assert len(loaded) == 6


def test_who_is_loaded_first_is_drawn_for_each_round():
    loaded = []
    one, other = (lambda who=who: loaded.append(who) or Model(0.0) for who in (0, 1))
    duel(16 * ROUND).times(one, other, "", 7)
    assert 2 < sum(loaded[::2]) < 14  # 16 throws of a coin


def test_luck_that_lasts_as_long_as_a_load_widens_the_interval():
    """Equals, but every second load is a fifth slower: texts alone would call them unequal."""
    lucks = iter([1.0, 1.2, 1.2, 1.0] * 3)
    one = duel(6 * ROUND)
    load = lambda: Model(0.0002 * next(lucks))  # noqa: E731  # a fake in one line
    ratio = one.against_itself(load, 0)
    assert ratio.low < 0.95
    assert ratio.high > 1.05


def test_wall_times_of_both_stand_beside_the_ratio():
    one = duel(2 * ROUND)
    found = one.percentiles(*one.times(lambda: Model(0.0), lambda: Model(0.0001), "", 7))
    assert [(m.name, m.part) for m in found] == [
        ("latency_p50_ms", "new, in turns"),
        ("latency_p95_ms", "new, in turns"),
        ("latency_p50_ms", "old, in turns"),
        ("latency_p95_ms", "old, in turns"),
    ]
