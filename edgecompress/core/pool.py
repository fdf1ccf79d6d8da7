"""Worker processes that do tasks, one at a time each; what kills one is told, and ends nobody else.

A task goes to a worker as a line of JSON, its reply comes back as another. A task says everything
its reply hangs on, so it does not matter which worker takes it, or when.
"""

import json
import queue
import subprocess
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

Task = Mapping[str, Any]
Reply = dict[str, Any]
Done = tuple[Task, "Reply | WorkerDied"]

TRIES: Final = 2  # of one task, each by a fresh process
LAST_WORDS: Final = 300  # characters


class WorkerDied(Exception):
    """A worker ended before it answered."""


class Executor(Protocol):
    """Somebody who does tasks: processes of this machine, or a cluster.

    Tasks and replies are JSON values. Tasks that are done may come in any order; the death of
    whoever did one is told in the place of its reply.
    """

    @property
    def workers(self) -> int:
        """How many tasks are done at once."""

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        """Every task with its reply."""


class Pool:
    """So many workers; a process starts when there is something for it to do."""

    def __init__(
        self, size: int, command: Sequence[str], environment: Mapping[str, str], logs: Path
    ) -> None:
        """Hire, without starting anybody.

        Args:
            size: how many may work at once.
            command: what starts a worker.
            environment: of a worker, whole.
            logs: a folder for what workers write to stderr.
        """
        self._workers = [
            Worker(command, environment, logs / f"worker-{number}.log") for number in range(size)
        ]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
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

    @property
    def workers(self) -> int:
        """How many may work at once."""
        return len(self._workers)

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        """Every task with its reply, in the order in which they are done.

        A task whose worker dies gets a second try by a fresh one; if that dies too, its death
        stands in the place of the reply. A worker gets its next task once its reply was taken:
        whoever keeps replies loses at most one for each worker when it dies.
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

    def _do(self, task: Task) -> Done:
        worker = self._idle.get()
        try:
            for _ in range(TRIES):
                try:
                    return task, worker.ask(task)
                except WorkerDied as death:
                    last = death
            return task, last
        finally:
            self._idle.put(worker)


class Worker:
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
