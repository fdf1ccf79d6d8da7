"""Worker processes that attack one text at a time, each on one thread."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from edgecompress.attacks.offline import worker_environment
from edgecompress.core.errors import MeasureError
from edgecompress.core.pool import TRIES, Pool, Reply, Task, WorkerDied

__all__ = ["Crew", "Reply", "Task"]

COMMAND: Final = (sys.executable, "-m", "edgecompress.attacks.worker")


class Crew:
    """So many workers; a process starts when there is something for it to do."""

    def __init__(self, size: int, words: Path, command: Sequence[str] = COMMAND) -> None:
        """Hire, without starting anybody.

        Args:
            size: how many may work at once.
            words: the resource `nltk-data`.
            command: what starts a worker.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="edgecompress-attacks-")
        place = Path(self._folder.name)
        self._pool = Pool(size, command, worker_environment(words, place / "textattack"), place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.__exit__(kind, error, trace)
        self._folder.cleanup()

    def work(self, tasks: Sequence[Task]) -> Iterator[Reply]:
        """The outcome of every task, in the order in which they are done; see `Pool.work`.

        Raises:
            MeasureError: two workers in a row died of the same task.
        """
        with closing(self._pool.work(tasks)) as done:
            for task, reply in done:
                if isinstance(reply, WorkerDied):
                    row = task.get("row")
                    raise MeasureError(
                        f"attack: {TRIES} processes in a row died of row {row}: {reply}"
                    )
                yield reply
