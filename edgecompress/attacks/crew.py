"""Those who attack texts, one at a time each on one thread: processes here, or a cluster's."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from edgecompress.attacks.node import attacked, conditions
from edgecompress.attacks.offline import worker_environment, worker_variables
from edgecompress.core.cluster import Job, connected
from edgecompress.core.errors import MeasureError
from edgecompress.core.pool import TRIES, Executor, Pool, Reply, Task, WorkerDied

COMMAND: Final = (sys.executable, "-m", "edgecompress.attacks.worker")


@dataclass(frozen=True)
class Crew:
    """An executor that has an outcome for every text, or an error."""

    executor: Executor
    told: Task = field(default_factory=dict)  # with each task, as JSON values

    def work(self, tasks: Sequence[Task]) -> Iterator[Reply]:
        """The outcome of every task, in the order in which they are done; see `Executor.work`.

        Raises:
            MeasureError: two processes in a row died of the same task.
        """
        with closing(self.executor.work([{**task, **self.told} for task in tasks])) as done:
            for task, reply in done:
                if isinstance(reply, WorkerDied):
                    row = task.get("row")
                    raise MeasureError(
                        f"attack: {TRIES} processes in a row died of row {row}: {reply}"
                    )
                yield reply


@contextmanager
def local_crew(size: int, words: Path, command: Sequence[str] = COMMAND) -> Iterator[Crew]:
    """Processes of this machine, which start when there is something for them to do.

    Args:
        size: how many may work at once.
        words: the resource `nltk-data`.
        command: what starts a worker.
    """
    with TemporaryDirectory(prefix="edgecompress-attacks-") as folder:
        place = Path(folder)
        environment = worker_environment(words, place / "textattack")
        with Pool(size, command, environment, place) as pool:
            yield Crew(pool)


@contextmanager
def ray_crew(address: str, words: Path) -> Iterator[Crew]:
    """Cores of a Ray cluster whose nodes are like this machine; raises as `connected`.

    Args:
        address: of its head.
        words: the resource `nltk-data`; every node sees it and the models at the same paths.
    """
    job = Job("attack", attacked, worker_variables(words))
    with connected(job, address) as cluster:
        yield Crew(cluster, {"conditions": conditions()})
