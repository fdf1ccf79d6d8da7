"""Several workers on one socket: started, replaced when one dies, and stopped together."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.multiprocess import mark_process_dead

from edgecompress.runtime.errors import ExitCode
from edgecompress.serving.closing import turn_away
from edgecompress.serving.logs import OURS
from edgecompress.serving.metrics import SHARED
from edgecompress.serving.server import EXIT_OF, STOPS
from edgecompress.serving.settings import Settings

LOG = logging.getLogger(OURS)
LOOK_S = 0.1
BEFORE_ANOTHER_S = 1.0  # a worker that dies at its start must not keep the machine busy
# What a worker that will never come up leaves with.
HOPELESS = (ExitCode.WRONG_INPUT, ExitCode.ENVIRONMENT, ExitCode.INTEGRITY)


def lead(settings: Settings, listening: socket.socket) -> ExitCode:
    """Keep `settings.workers` workers running until a signal; the exit code."""
    with TemporaryDirectory(prefix="edgecompress-metrics-") as counts:
        crew = Crew(settings, listening, Path(counts))
        before = {stop: signal.signal(stop, crew.stop) for stop in STOPS}
        try:
            return crew.serve()
        finally:
            crew.end()
            for stop, handler in before.items():
                signal.signal(stop, handler)


class Crew:
    """The workers of one socket, and the folder in which they count together."""

    def __init__(self, settings: Settings, listening: socket.socket, counts: Path) -> None:
        self._settings, self._listening, self._counts = settings, listening, counts
        self._workers: list[subprocess.Popen[bytes]] = []
        self._code: ExitCode | None = None  # set when it is over

    def serve(self) -> ExitCode:
        """Start the workers; replace those that die; return when they have all been stopped."""
        while self._code is None:
            while len(self._workers) < self._settings.workers:
                self._workers.append(self._started())
            time.sleep(LOOK_S)
            for worker in [w for w in self._workers if w.poll() is not None]:
                self._bury(worker)
        self._close()
        return self._code

    def _close(self) -> None:
        """Ask all workers to stop; turn clients away just before the first of them closes."""
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        until = time.monotonic() + self._settings.drain_s
        while time.monotonic() < until and any(w.poll() is None for w in self._workers):
            time.sleep(LOOK_S)
        turn_away(self._listening)
        self._listening.close()
        for worker in self._workers:
            worker.wait()

    def stop(self, signum: int, frame: object) -> None:
        """The first signal asks to stop; a second one to stop at once."""
        if self._code is not None:
            self.end()
        self._code = EXIT_OF[signal.Signals(signum)]

    def end(self) -> None:
        """Whoever is still there, is not."""
        for worker in self._workers:
            worker.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        """A worker ends when its stdin does, so that none outlives its crew."""
        file = self._listening.fileno()
        return subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "edgecompress.serving",
                self._settings.to_json(),
                str(file),
            ],
            stdin=subprocess.PIPE,
            pass_fds=[file],
            env={**os.environ, SHARED: str(self._counts)},
        )

    def _bury(self, worker: subprocess.Popen[bytes]) -> None:
        self._workers.remove(worker)
        mark_process_dead(worker.pid, str(self._counts))  # type: ignore[no-untyped-call]
        if self._code is not None:
            return
        LOG.error(
            "worker died", extra={"fields": {"worker": worker.pid, "code": worker.returncode}}
        )
        if worker.returncode in HOPELESS:
            self._code = ExitCode(worker.returncode)
        else:
            time.sleep(BEFORE_ANOTHER_S)
