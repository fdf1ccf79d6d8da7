"""The other way of searching, told from the journal alone: what a baseline found, if it was run."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from edgecompress.core.errors import EdgeCompressError
from edgecompress.core.pool import Done, Task
from edgecompress.core.progress import Silent
from edgecompress.search.course import Course
from edgecompress.search.evaluations import Evaluations
from edgecompress.search.genome import G


class Unfinished(Exception):
    """An evaluation is asked for that nobody has made."""


@dataclass(frozen=True)
class Nobody:
    """Does no task; counts as many workers as the search whose budget in minutes is shared."""

    workers: int

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        """Refuse."""
        raise Unfinished
        yield


def other_way(course: Course[G], workers: int) -> Course[G] | None:
    """The same search with every student drawn, or by evolution if `course` was the random one.

    Both share a journal and a budget, and a generation hangs on results alone, so the other course
    is what its own run would give. None where that run has not been made, or not to its end.
    """
    evolution = replace(course.evolution, random=not course.evolution.random)
    evaluations = Evaluations(course.evaluations.journal, Nobody(workers), Silent())
    other = Course(course.settings, evolution, evaluations, course.costs, course.tell, course.floor)
    try:
        other.run(lambda *_: None)
    except (Unfinished, EdgeCompressError):
        return None
    return other
