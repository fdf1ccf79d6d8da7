"""Worker processes that attack one text at a time, each on one thread.

A task goes to a worker as a line of JSON, its outcome comes back as another. A task says everything
its outcome hangs on, so it does not matter which worker takes it, or when.
"""

import json
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from edgecompress.attacks.offline import worker_environment
from edgecompress.core.errors import MeasureError

Task = Mapping[str, Any]
Reply = dict[str, Any]

COMMAND: Final = (sys.executable, "-m", "edgecompress.attacks.worker")
TRIES: Final = 2  # of one text, each by a fresh process
LAST_WORDS: Final = 300  # characters


class WorkerDied(Exception):
    """A worker ended before it answered."""


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
        environment = worker_environment(words, place / "textattack")
        self._workers = [
            _Worker(command, environment, place / f"worker-{number}.log") for number in range(size)
        ]
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dismiss()
        for worker in self._workers:
            worker.close()
        self._folder.cleanup()

    def work(self, tasks: Sequence[Task]) -> Iterator[Reply]:
        """The outcome of every task, in the order in which they are done.

        A worker gets its next task once its outcome was taken: whoever keeps outcomes loses at
        most one for each worker when it dies.

        Raises:
            MeasureError: two workers in a row died of the same task.
        """
        todo, threads = iter(tasks), ThreadPoolExecutor(max_workers=len(self._workers))
        under_way = {threads.submit(self._do, task) for task in islice(todo, len(self._workers))}
        try:
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
                    under_way |= {threads.submit(self._do, task) for task in islice(todo, 1)}
        finally:
            if under_way:
                self._dismiss()  # nobody waits for what they are doing
            threads.shutdown()

    def _dismiss(self) -> None:
        for worker in self._workers:
            worker.dismiss()

    def _do(self, task: Task) -> Reply:
        worker = self._idle.get()
        try:
            for _ in range(TRIES):
                try:
                    return worker.ask(task)
                except WorkerDied as death:
                    reason = death
            raise MeasureError(
                f"attack: {TRIES} processes in a row died of row {task.get('row')}: {reason}"
            )
        finally:
            self._idle.put(worker)


class _Worker:
    """One process, started anew after each death."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = list(command), environment, log
        self._process: subprocess.Popen[str] | None = None
        self._dismissed = False

    def ask(self, task: Task) -> Reply:
        """Have one task done.

        Raises:
            WorkerDied: with the last line that the process wrote.
        """
        process = self._process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        if not line.endswith("\n"):
            self._process = None
            process.communicate()
            raise WorkerDied(f"exit code {process.returncode}; {self._last_words()}")
        reply: Reply = json.loads(line)
        return reply

    def dismiss(self) -> None:
        """End it for good; what it was doing is lost."""
        self._dismissed = True
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """Wait for its end, once nobody asks it any more."""
        if self._process:
            self._process.communicate()

    def _start(self) -> "subprocess.Popen[str]":
        if self._dismissed:
            raise WorkerDied("it was dismissed")
        with self._log.open("w") as log:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                env=dict(self._environment),
                start_new_session=True,  # Ctrl-C is for us; a worker ends when we do
            )

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][-LAST_WORDS:] if lines else "it said nothing"
