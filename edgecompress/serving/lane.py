"""A lane of texts that wait for one thread: bounded, first come first served, never late.

The event loop only hands over and takes back, so probes are answered while the model computes.
onnxruntime lets other threads run meanwhile.
"""

import asyncio
import math
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from edgecompress.runtime.model import EdgeModel, Prediction
from edgecompress.runtime.text import Text

MOST_TOGETHER = 64  # texts of several requests in one call; the first waits for the last of them
NEWEST = 0.1  # weight of the newest call in the mean time of a text


class LaneFull(Exception):
    """There is no room for these texts now."""

    def __init__(self, free_in_s: int) -> None:
        super().__init__(f"full; about {free_in_s} s to empty")
        self.free_in_s = free_in_s


@dataclass(frozen=True)
class Answer:
    """What became of one request."""

    predictions: list[Prediction]
    truncated: int  # texts whose end was not read
    waited_s: float  # before their turn came


@dataclass(eq=False)
class _Job:
    texts: Sequence[Text]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Answer]
    since: float = field(default_factory=time.monotonic)

    def settle(self, outcome: Answer | BaseException) -> None:
        """From the working thread."""
        with suppress(RuntimeError):  # the loop was stopped by force; so was who asked
            self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Answer | BaseException) -> None:
        if self.done.done():
            return  # nobody waits any more
        if isinstance(outcome, Answer):
            self.done.set_result(outcome)
        else:
            self.done.set_exception(outcome)


class Lane:
    """The one way to the model; `close` it when the last request has been answered."""

    def __init__(self, model: EdgeModel, most_waiting: int) -> None:
        """Start the thread.

        Args:
            model: asked by that thread alone.
            most_waiting: texts that are accepted and not answered yet.
        """
        self.waiting = 0  # texts; changed by the event loop alone
        self._model, self._most_waiting = model, most_waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._text_s = 0.0  # mean time of a text, of late
        self._thread = threading.Thread(target=self._work, name="lane", daemon=True)
        self._thread.start()

    async def answer(self, texts: Sequence[Text], within_s: float) -> Answer:
        """Wait for a turn, and for the answers.

        Raises:
            LaneFull: too many texts are waiting.
            TimeoutError: it took longer than `within_s`; what has not begun will not begin.
            InputError: something is not a text.
            IntegrityError: the model cannot answer.
        """
        if self.waiting + len(texts) > self._most_waiting:
            raise LaneFull(max(1, math.ceil(self.waiting * self._text_s)))
        loop = asyncio.get_running_loop()
        job = _Job(texts, loop, loop.create_future())
        self.waiting += len(texts)
        try:
            self._jobs.put(job)
            async with asyncio.timeout(within_s):
                return await job.done
        finally:
            self.waiting -= len(texts)

    def close(self) -> None:
        """Answer what waits, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job, *self._company(job)]
            self._answer([job for job in jobs if not job.done.cancelled()])

    def _company(self, first: _Job) -> list[_Job]:
        """What waits already, where the graph gives the same answers in company.

        Waiting for more to come is never worth it: company comes by itself when there is much to
        do, and when there is not, it would be late.
        """
        found: list[_Job] = []
        texts = len(first.texts)
        while self._model.batch_invariant and texts < MOST_TOGETHER and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                self._jobs.put(None)  # the end, for the next round
                break
            found.append(job)
            texts += len(job.texts)
        return found

    def _answer(self, jobs: Sequence[_Job]) -> None:
        """Settle each of them; what goes wrong with one alone goes wrong for that one alone."""
        try:
            self._answer_together(jobs)
        except BaseException as error:  # a lane without its thread would be a silent server
            for job in jobs:
                if len(jobs) > 1:
                    self._answer([job])
                else:
                    job.settle(error)

    def _answer_together(self, jobs: Sequence[_Job]) -> None:
        begun = time.monotonic()
        encoded = [self._model.encoder.encode(job.texts) for job in jobs]
        texts = [text for job in encoded for text in job]
        if not texts:
            return
        predictions = iter(self._model.predictions(self._model.answers(texts)))
        for job, read in zip(jobs, encoded, strict=True):
            mine = [next(predictions) for _ in read]
            truncated = sum(text.truncated for text in read)
            job.settle(Answer(mine, truncated, begun - job.since))
        taken_s = (time.monotonic() - begun) / len(texts)
        self._text_s += NEWEST * (taken_s - self._text_s)
