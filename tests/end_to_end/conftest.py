"""The real command line on the smoke recipe: one store and one bundle for the whole folder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "edgecompress"]


@dataclass(frozen=True)
class CommandLine:
    """Runs edgecompress as a user would, on a store and a cache of its own."""

    store: Path
    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "EDGECOMPRESS_STORE": str(self.store),
            "EDGECOMPRESS_CACHE": str(self.store.parent / "cache"),
            "PYTHONFAULTHANDLER": "1",
            **self.extra,
        }

    def __call__(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            check=False,
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
            preexec_fn=listen_to_ctrl_c,
        )


def listen_to_ctrl_c() -> None:
    """A shell makes what it starts in the background deaf to SIGINT, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Released:
    """A recipe, released once."""

    recipe: Path
    bundle: Path
    command: CommandLine
    done: subprocess.CompletedProcess[str]


def release_once(folder: Path, recipe: Path) -> Released:
    """Release a recipe into a folder with a store of its own."""
    command = CommandLine(folder / "store", folder)
    done = command("release", recipe, "--out", folder / "bundle")
    assert done.returncode == 0, done.stderr
    return Released(recipe, folder / "bundle", command, done)


@pytest.fixture(scope="session")
def released(repository, tmp_path_factory) -> Released:
    return release_once(tmp_path_factory.mktemp("released"), repository / "recipes/smoke.yaml")


@pytest.fixture
def bundle(released, tmp_path) -> Path:
    """A copy of the bundle to do harm to."""
    return Path(shutil.copytree(released.bundle, tmp_path / "bundle"))


@pytest.fixture
def candidate(bundle) -> Path:
    """The released model as somebody's plain folder: no manifest, so nothing is verified."""
    shutil.rmtree(bundle / ".edgecompress")
    return bundle


@pytest.fixture
def command(released, tmp_path) -> CommandLine:
    """The command line on the shared store, in a folder of the test's own."""
    return CommandLine(released.command.store, tmp_path)


@pytest.fixture
def fresh(tmp_path) -> CommandLine:
    """The command line on an empty store."""
    return CommandLine(tmp_path / "store", tmp_path)
