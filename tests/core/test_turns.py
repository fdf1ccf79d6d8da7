"""Timing in turns."""

import time
from functools import partial

import numpy as np
import pytest

from edgecompress.core import turns
from edgecompress.core.errors import MeasureError
from edgecompress.core.turns import (
    TURN,
    WARM_UP,
    Clock,
    Ratio,
    asking,
    draw_texts,
    in_turns,
    ratio_of,
    require_quiet,
    wall_percentile,
)


def unheard(amount):
    """Nobody listens."""


def test_a_draw_has_every_text_once_before_any_comes_again():
    drawn = draw_texts(["a", "b", "c"], 7, seed=1)
    assert sorted(drawn[:3]) == sorted(drawn[3:6]) == ["a", "b", "c"]
    assert drawn == draw_texts(["a", "b", "c"], 7, seed=1)


def test_each_answers_every_text_once_behind_warm_ups_that_open_its_turn():
    asked = {0: [], 1: [], 2: []}
    ways = [partial(lambda who, place: asked[who].append(place), who) for who in asked]
    taken = in_turns(ways, 25, 7, unheard)
    assert taken.shape == (3, 25, 2)
    for places in asked.values():
        assert places[: WARM_UP + TURN] == [21, 22, 23, 24, *range(10)]
        assert len(places) == 25 + 3 * WARM_UP


def test_who_goes_first_is_drawn_for_each_turn():
    order = []
    ways = [partial(lambda who, place: order.append(who), who) for who in (0, 1)]
    in_turns(ways, 40 * TURN, 7, unheard)
    first = order[:: 2 * (TURN + WARM_UP)]
    assert 8 < sum(first) < 32  # 40 throws of a coin


def test_a_model_is_asked_for_one_text_at_a_time():
    assert asking(list, ["a", "b"])(1) == ["b"]


def test_times_that_are_always_double_are_a_ratio_of_two_without_width():
    fast = np.full((40, 2), 0.5)
    assert ratio_of(2 * fast, fast, seed=7) == pytest.approx((2, 2, 2))


def test_the_clock_is_chosen_by_the_caller():
    fast = np.ones((40, 2))
    slow = fast * [3, 1]  # waits, and does not work
    assert ratio_of(slow, fast, 7, clock=Clock.WALL).value == pytest.approx(3)
    assert ratio_of(slow, fast, 7).value == pytest.approx(1)


def test_blocks_that_disagree_widen_the_interval():
    one = np.ones((60, 2))
    other = one * np.repeat([1.0, 1.2, 1.0, 1.2, 1.0, 1.2], 10)[:, None]
    ratio = ratio_of(one, other, 7, block=10)
    assert ratio.low < 0.85
    assert ratio.high > 0.99


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(turns, "PAUSES_S", (0.0, 0.0, 0.0, 0.0))


@pytest.mark.usefixtures("no_pauses")
def test_noise_may_pass_within_four_tries():
    tries = iter(
        [Ratio(1.3, 1.0, 1.6), Ratio(1.2, 1.1, 1.3), Ratio(1.0, 0.7, 1.4), Ratio(1.0, 0.99, 1.01)]
    )
    require_quiet("bench", lambda attempt: next(tries), 1.05)


def test_there_is_a_pause_before_another_try(monkeypatch):
    monkeypatch.setattr(turns, "PAUSES_S", (0.0, 0.05))
    at = []

    def try_again(attempt):
        at.append(time.monotonic())
        return Ratio(1.0, 0.99, 1.01) if attempt else Ratio(1.3, 1.0, 1.6)

    require_quiet("bench", try_again, 1.05)
    assert at[1] - at[0] >= 0.05


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("ratio", [Ratio(1.04, 1.02, 1.06), Ratio(0.97, 0.94, 0.99)])
def test_equals_that_look_unequal_stop_the_judge(ratio):
    with pytest.raises(MeasureError, match="bench: timed against itself the model is"):
        require_quiet("bench", lambda attempt: ratio, 1.05)


def test_a_percentile_is_a_time_that_was_measured():
    taken = np.arange(1, 101)[:, None] * [0.001, 0.0]  # 1 to 100 ms
    found = wall_percentile(taken, 0.95, "texts", threads=2)
    assert (found.name, found.value, found.n) == ("latency_p95_ms", pytest.approx(95), 100)
    assert found.method.startswith("wall time, batch 1, 2 threads")
