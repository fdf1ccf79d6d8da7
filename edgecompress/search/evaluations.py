"""Evaluations: asked for once, done by whoever is free, and never lost.

The journal has a line for each, on the disk before the search goes on. Whatever was killed, the
same command finds them again.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from edgecompress.core.errors import EnvironmentFault
from edgecompress.core.pool import Executor, WorkerDied
from edgecompress.core.progress import Progress
from edgecompress.store.record import Journal

Rung = Literal["train", "attack"]
EVENT = "evaluated"


@dataclass(frozen=True)
class Wanted:
    """One evaluation of one student."""

    student: str  # its name
    rung: Rung
    seed: int  # added to the recipe's, for the student's own training
    told: Mapping[str, Any]  # what a worker has to know, as JSON values

    @property
    def name(self) -> str:
        """Of the evaluation."""
        return f"{self.student}/{self.seed}/{self.rung}"


@dataclass(frozen=True)
class Result:
    """What an evaluation found: numbers by name, or why there are none."""

    values: Mapping[str, Any]
    failed: str | None = None
    seconds: float = 0.0


class Evaluations:
    """All evaluations of one search, found or made."""

    def __init__(self, journal: Journal, executor: Executor, progress: Progress) -> None:
        self.journal, self.executor, self.progress = journal, executor, progress
        self.new = 0  # made by this process
        self.seconds = 0.0  # of the work behind all that was asked for, found or made
        self._known = {e["name"]: _result(e) for e in journal.events() if e["event"] == EVENT}

    def of(self, wanted: Sequence[Wanted], what: str) -> list[Result]:
        """The results, in the order in which they are asked for.

        A student that cannot be trained, or that kills whoever tries, has failed; nobody else has.

        Args:
            wanted: each named once.
            what: for the progress bar.

        Raises:
            EnvironmentFault: all of several failed, so the reason is not in the students; they are
                tried again by the next run.
        """
        found = [self._known.get(one.name) for one in wanted]
        if len(found) > 1 and all(one is not None and one.failed for one in found):
            found = [None] * len(wanted)  # what was wrong then may be mended
        todo = [one for one, known in zip(wanted, found, strict=True) if known is None]
        self._make(todo, len(wanted), what)
        results = [self._known[one.name] for one in wanted]
        if len(results) > 1 and all(one.failed for one in results):
            raise EnvironmentFault(
                f"search: every student of {what} failed; the last says: {results[-1].failed}"
            )
        self.seconds += sum(one.seconds for one in results)
        return results

    def _make(self, todo: Sequence[Wanted], total: int, what: str) -> None:
        by_name = {one.name: one for one in todo}
        tasks = [{**one.told, "name": one.name, "rung": one.rung, "seed": one.seed} for one in todo]
        with self.progress.track(what, total, "students") as bar:
            bar.advance(total - len(todo))
            if not todo:
                return
            with closing(self.executor.work(tasks)) as done:
                for task, reply in done:
                    self._keep(by_name[task["name"]], reply)
                    bar.advance()

    def _keep(self, one: Wanted, reply: Mapping[str, Any] | WorkerDied) -> None:
        told: dict[str, Any] = {"values": {}, "failed": None, "seconds": 0.0}
        if isinstance(reply, WorkerDied):
            told["failed"] = f"two workers died of it: {reply}"
        else:
            told |= {name: reply[name] for name in told if name in reply}
        self.journal.write(EVENT, name=one.name, student=one.student, **told)
        self._known[one.name] = _result(told)
        self.new += 1
        if told["failed"]:
            self.progress.warn(f"student {one.student}: {told['failed']}")


def _result(told: Mapping[str, Any]) -> Result:
    return Result(told["values"], told["failed"], told["seconds"])
