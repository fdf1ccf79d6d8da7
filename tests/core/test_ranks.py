"""Who leads, and how the others hear of it; here threads stand for processes."""

from threading import Barrier, Thread

import numpy as np
import pytest

from edgecompress.core.ranks import ALONE, lead_first, lead_says


class Crew:
    """What two threads share."""

    def __init__(self):
        self.barrier, self.leads = Barrier(2, timeout=10), np.empty(0)


class Hand:
    """A Ranks of one of two threads."""

    count, here = 2, 2

    def __init__(self, number, crew):
        self.number, self.crew = number, crew

    def wait(self):
        self.crew.barrier.wait()

    def spread(self, numbers):
        if self.number == 0:
            self.crew.leads = numbers.copy()
        self.wait()
        numbers[...] = self.crew.leads
        self.wait()


def in_step(work):
    """Have two threads do `work`, the second a little before the lead."""
    crew = Crew()
    threads = [Thread(target=work, args=[Hand(number, crew)]) for number in (1, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_lead_goes_first_and_nobody_leaves_before_all_are_through():
    seen = []

    def work(ranks):
        with lead_first(ranks):
            seen.append(("in", ranks.number))
        seen.append(("out", ranks.number))

    in_step(work)
    assert seen[:2] == [("in", 0), ("in", 1)]
    assert sorted(seen[2:]) == [("out", 0), ("out", 1)]


@pytest.mark.parametrize("word", [None, 0.1 + 0.2, {"do": "train", "key": "é" * 3000}])
def test_all_hear_what_the_lead_says(word):
    heard = []
    in_step(lambda ranks: heard.append(lead_says(ranks, "ours" if ranks.number else word)))
    assert heard == [word, word]


def test_one_process_hears_itself_and_waits_for_nobody():
    word = object()  # not even JSON
    with lead_first(ALONE):
        assert lead_says(ALONE, word) is word
