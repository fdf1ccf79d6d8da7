"""Runs `verify` and `predict` on one bundle after the other, each in a process that is watched.

`python court.py CASES RESULTS`: CASES is a JSON object, name -> [bundle, folder outside]. A process
is forked for each, from one that has loaded everything, so that sixty cases take seconds. What
Python opens or executes is told by an audit hook; what libraries of C++ and Rust open is told by
inotify on the file outside.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy
import onnxruntime
import tokenizers

from edgecompress.cli import predict, verify
from edgecompress.cli.main import _run

LOADED = (numpy, onnxruntime, tokenizers, predict, verify)  # before the first fork
LIMIT_S = 10
IN_ACCESS, IN_OPEN = 1, 32  # linux/inotify.h
LIBC = ctypes.CDLL(None, use_errno=True)
RUNS = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class")
BELONGS = (sys.prefix, sys.base_prefix, "/proc/", "/sys/", "/dev/null", "/dev/urandom", "/etc/")


class Watch:
    """Knows whether anybody opened a file, in whatever language."""

    def __init__(self, path: Path) -> None:
        self._notes = LIBC.inotify_init1(os.O_NONBLOCK)
        assert self._notes >= 0
        watched = LIBC.inotify_add_watch(self._notes, os.fsencode(path), IN_ACCESS | IN_OPEN)
        assert watched >= 0, path

    def touched(self) -> bool:
        try:
            return bool(os.read(self._notes, 4096))
        except BlockingIOError:
            return False
        finally:
            os.close(self._notes)


def tried(verb: list[str], bundle: Path, outside: Path) -> dict[str, Any]:
    """One verb in a process of its own: its exit code, time, memory, and what it reached for."""
    watch = Watch(outside / "secret")
    with tempfile.TemporaryDirectory() as scratch:
        said, reached = Path(scratch, "said"), Path(scratch, "reached")
        began = time.monotonic()
        if (child := os.fork()) == 0:
            _child(verb, bundle, said, reached)
        code, usage = _waited(child)
        return {
            "code": code,
            "seconds": time.monotonic() - began,
            "peak_bytes": usage.ru_maxrss * 1024,
            "said": said.read_text(errors="replace"),
            "reached": reached.read_text().splitlines() if reached.exists() else [],
            "outside_touched": watch.touched(),
            "executed": (outside / "executed").exists(),
        }


def _child(verb: list[str], bundle: Path, said: Path, reached: Path) -> None:
    """Never returns."""
    for number in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    notes = os.open(reached, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    allowed = (*BELONGS, str(bundle), str(Path.cwd()), *filter(None, sys.path))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in RUNS or event.startswith("socket."):
            os.write(notes, f"{event} {arguments}\n".encode())
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(allowed):
                os.write(notes, f"open {path}\n".encode())

    sys.addaudithook(hook)
    code = 99
    try:
        code = int(_run(verb))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _waited(child: int) -> tuple[int | str, resource.struct_rusage]:
    """The exit code, or the signal that ended it; ten seconds are all it gets."""
    end = time.monotonic() + LIMIT_S
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return (code if code >= 0 else signal.Signals(-code).name), usage
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
        time.sleep(0.005)


def main(cases: Path, results: Path) -> None:
    found = {}
    for name, (bundle, outside) in json.loads(cases.read_text()).items():
        verbs = {"verify": ["verify", bundle], "predict": ["predict", bundle, "a good film"]}
        found[name] = {
            verb: tried(arguments, Path(bundle), Path(outside)) for verb, arguments in verbs.items()
        }
    results.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
