"""A store in a temporary folder, a progress that remembers, and processes to be killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.progress import Silent
from edgecompress.store.keys import step_key
from edgecompress.store.store import Store


class Lines(Silent):
    """A progress that keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def warn(self, line: str) -> None:
        self.warned.append(line)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def store(tmp_path: Path, lines: Lines) -> Store:
    return Store(tmp_path / "store", lines)


@pytest.fixture
def key() -> str:
    return step_key({"kind": "test"})


@pytest.fixture
def seal(store: Store) -> Callable[..., Artifact]:
    """Seal files, given as name=text, under a key."""

    def do(key: str, **files: str) -> Artifact:
        with store.draft(key) as draft:
            for name, text in (files or {"weights": "0123456789"}).items():
                (draft / name).write_text(text)
            return store.seal(draft, key, "torch-model", ("parent",), {"layers": 3})

    return do


IN_EACH_CHILD = """
import sys, os, time
from pathlib import Path
from edgecompress.core.progress import Silent
from edgecompress.store.keys import step_key
from edgecompress.store.store import Store
store = Store(Path(sys.argv[1]), Silent())
key = step_key({"kind": "test"})
def ready():
    print("ready", flush=True)
"""


class Children:
    """Python processes on the store of the test, which may be killed at any moment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.living: list[subprocess.Popen[str]] = []

    def start(self, body: str) -> subprocess.Popen[str]:
        """Run `body`, which sees `store`, `key` and `ready()`."""
        command = [sys.executable, "-c", IN_EACH_CHILD + body, str(self.root)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.living.append(child)
        return child

    def wait_until_ready(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"

    def kill(self, child: subprocess.Popen[str]) -> None:
        child.kill()
        child.communicate()
        self.living.remove(child)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    started = Children(tmp_path / "store")
    yield started
    for child in list(started.living):
        started.kill(child)
