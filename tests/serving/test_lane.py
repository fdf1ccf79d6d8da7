"""Texts wait in order, within bounds, and never spoil each other's answers."""

import asyncio
import threading

import numpy as np
import pytest

from edgecompress.runtime.errors import InputError
from edgecompress.serving.lane import Lane, LaneFull

PLENTY_S = 10.0


class Encoder:
    """Reads a text as its own length, and cannot read "?"."""

    def encode(self, texts):
        if "?" in texts:
            raise InputError("text 0: cannot be tokenized")
        return [Read(len(text)) for text in texts]


class Read:
    def __init__(self, length):
        self.length, self.truncated = length, length > 9


class Counting:
    """A model that answers the length of a text, once it is let; it remembers what it was asked."""

    def __init__(self, *, batch_invariant=False, open_door=True):
        self.batch_invariant, self.encoder = batch_invariant, Encoder()
        self.asked = []
        self.door = threading.Event()
        if open_door:
            self.door.set()

    def answers(self, encoded):
        self.asked.append([text.length for text in encoded])
        assert self.door.wait(PLENTY_S)
        if 13 in self.asked[-1]:
            raise ZeroDivisionError("thirteen")
        return np.array([[text.length] for text in encoded])

    def predictions(self, logits):
        return [{"label": str(row[0]), "score": 1.0, "scores": {}} for row in logits.tolist()]


def labels(answer):
    return [prediction["label"] for prediction in answer.predictions]


def run(model, most_waiting, script):
    """Run an asynchronous script against a lane of its own."""
    lane = Lane(model, most_waiting)
    try:
        return asyncio.run(script(lane))
    finally:
        model.door.set()
        lane.close()


async def begun(model):
    """Until the model has its first texts."""
    while not model.asked:
        await asyncio.sleep(0.001)


def test_everybody_gets_their_own_answers():
    async def script(lane):
        asked = [["x" * n, "x" * (n + 1)] for n in range(1, 8)]
        answers = await asyncio.gather(*(lane.answer(texts, PLENTY_S) for texts in asked))
        return [labels(answer) for answer in answers]

    for invariant in (True, False):
        answers = run(Counting(batch_invariant=invariant), 100, script)
        assert answers == [[str(n), str(n + 1)] for n in range(1, 8)]


def test_a_full_lane_refuses_at_once_and_says_when_to_come_again():
    model = Counting(open_door=False)

    async def script(lane):
        first = asyncio.ensure_future(lane.answer(["a", "b", "c"], PLENTY_S))
        await begun(model)
        with pytest.raises(LaneFull, match="full") as refused:
            await lane.answer(["d", "e"], PLENTY_S)
        assert refused.value.free_in_s >= 1
        second = asyncio.ensure_future(lane.answer(["d"], PLENTY_S))  # there is room for one
        model.door.set()
        await first
        await second
        assert lane.waiting == 0

    run(model, 4, script)


def test_what_is_late_is_given_up_and_never_begun():
    model = Counting(open_door=False)

    async def script(lane):
        first = asyncio.ensure_future(lane.answer(["a"], PLENTY_S))
        await begun(model)
        with pytest.raises(TimeoutError):
            await lane.answer(["bb"], 0.01)
        assert lane.waiting == 1
        model.door.set()
        await first
        await lane.answer(["ccc"], PLENTY_S)

    run(model, 10, script)
    assert model.asked == [[1], [3]]


@pytest.mark.parametrize(
    ("invariant", "calls"), [(True, [[1], [2, 3, 3]]), (False, [[1], [2], [3, 3]])]
)
def test_what_waits_is_answered_together_only_where_company_does_not_matter(invariant, calls):
    model = Counting(batch_invariant=invariant, open_door=False)

    async def script(lane):
        waiting = [asyncio.ensure_future(lane.answer(["a"], PLENTY_S))]
        await begun(model)
        waiting += [
            asyncio.ensure_future(lane.answer(texts, PLENTY_S)) for texts in (["bb"], ["ccc"] * 2)
        ]
        await asyncio.sleep(0.01)
        model.door.set()
        await asyncio.gather(*waiting)

    run(model, 10, script)
    assert model.asked == calls


@pytest.mark.parametrize(
    ("strange", "error"), [("?", InputError), ("x" * 13, ZeroDivisionError)], ids=["read", "answer"]
)
def test_a_strange_text_spoils_nobody_elses_answer(strange, error):
    model = Counting(batch_invariant=True, open_door=False)

    async def script(lane):
        first = asyncio.ensure_future(lane.answer(["a"], PLENTY_S))
        await begun(model)
        others = [asyncio.ensure_future(lane.answer([text], PLENTY_S)) for text in ("bb", strange)]
        await asyncio.sleep(0.01)
        model.door.set()
        await first
        assert labels(await others[0]) == ["2"]
        with pytest.raises(error, match="cannot be tokenized|thirteen"):
            await others[1]

    run(model, 10, script)


def test_a_bug_reaches_who_asked_and_the_lane_goes_on():
    async def script(lane):
        with pytest.raises(ZeroDivisionError, match="thirteen"):
            await lane.answer(["x" * 13], PLENTY_S)
        assert labels(await lane.answer(["a"], PLENTY_S)) == ["1"]

    run(Counting(), 10, script)


def test_texts_that_were_not_read_to_the_end_are_counted():
    async def script(lane):
        return await lane.answer(["short", "much too long"[:10]], PLENTY_S)

    assert run(Counting(), 10, script).truncated == 1
