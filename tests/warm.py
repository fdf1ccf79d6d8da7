"""The command line without the seconds of its imports: each run is forked from a warm process.

The warm process is multiprocessing's fork server. It has imported what a release needs, once, and
has no second thread, which each run makes sure of: a fork copies only the thread that forks, and
would leave the locks of the others held for ever.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

from edgecompress.cli.main import main
from tests.end_to_end.conftest import CommandLine

FORKS = multiprocessing.get_context("forkserver")
# What a run imports, its console script and what it would import late included.
IMPORTED = (
    "__main__",
    "tests.warm",
    "edgecompress.cli.release",
    "edgecompress.cli.cache",
    "edgecompress.workflow.release",
    "edgecompress.workflow.run",
    "onnxruntime.quantization",
    "transformers.models.bert.modeling_bert",
)
# The first as `main` sets it, too late for a process that has torch; the second keeps numpy's
# algebra, of which a release uses next to nothing, from starting threads when it is imported.
SET = {"GOMP_SPINCOUNT": "1000", "OPENBLAS_NUM_THREADS": "1"}
CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime"})
WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, -9 after a kill, and what it said on stderr."""

    code: int
    said: str


@dataclass(frozen=True)
class Warm:
    """Runs edgecompress like `command`, at once.

    Args:
        inside: a process whose mounts the runs are to see, as well as its user's powers over them.
    """

    command: CommandLine
    inside: int | None = None

    def __call__(self, *arguments: object) -> Ended:
        """Run to the end."""
        return self.start(*arguments).end()

    def start(self, *arguments: object, last_change: int | None = None) -> "Running":
        """Start a run; after so many changes of files it is killed just before the next."""
        _warm_up()
        said = self.command.folder / f"said {next(_NUMBERS)}"
        asked = _Asked(
            tuple(map(str, arguments)),
            self.command.folder,
            self.command.environment,
            said,
            last_change,
            self.inside,
        )
        process = FORKS.Process(target=_run, args=(asked,), daemon=True)
        process.start()
        return Running(process, said)


@dataclass(frozen=True)
class Running:
    """A run under way."""

    process: Any
    told: Path

    def end(self, kill_after_s: float | None = None) -> Ended:
        """Wait for its end, or kill it after so many seconds."""
        if not wait([self.process.sentinel], kill_after_s):
            self.process.kill()
        self.process.join()
        return Ended(self.process.exitcode, self.told.read_text(encoding="utf-8"))


_NUMBERS = count()


@cache
def _warm_up() -> None:
    FORKS.set_forkserver_preload(list(IMPORTED))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SET.items():
            patch.setenv(name, value)
        forkserver.ensure_running()


@dataclass(frozen=True)
class _Asked:
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    said: Path
    last_change: int | None
    inside: int | None


def _run(asked: _Asked) -> None:
    """In the child: be the command line, which ends in SystemExit."""
    _speak_into(asked.said)
    threads = list(Path(f"/proc/{os.getppid()}/task").iterdir())
    assert len(threads) == 1, f"the warm process has {len(threads)} threads"
    assert "torch" in sys.modules, "the warm process is cold: start pytest where tests/ lies"
    if asked.inside is not None:
        _enter(asked.inside)
    os.environ.update(asked.environment)
    os.chdir(asked.folder)
    sys.argv[1:] = asked.arguments
    if asked.last_change is not None:
        _die_after_changes(asked.last_change)
    main(list(asked.arguments))


def _speak_into(said: Path) -> None:
    """stderr to a file, which survives a kill; nobody reads stdout."""
    for path, number in ((Path(os.devnull), 1), (said, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)


def _enter(holder: int) -> None:
    """See what `holder` has mounted; os.setns comes with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in ("user", "mnt"):
        with Path(f"/proc/{holder}/ns/{kind}").open("rb") as namespace:
            assert libc.setns(namespace.fileno(), 0) == 0, os.strerror(ctypes.get_errno())


def _die_after_changes(last: int) -> None:
    """SIGKILL this process in the moment when Python is about to change a file once too often."""
    changes = count()

    def watch(event: str, facts: tuple[Any, ...]) -> None:
        changed = event in CHANGES or (event == "open" and facts[2] & WRITES)
        if changed and next(changes) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
