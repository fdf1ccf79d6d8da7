"""A disk that is full at any point of a release: one line says so; with more room it goes on."""

import os
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from edgecompress.core.errors import ExitCode
from edgecompress.runtime.bundle import verify_bundle
from tests.end_to_end.conftest import CommandLine
from tests.end_to_end.history import History
from tests.end_to_end.test_kills import made
from tests.warm import Warm

ROOMY_BYTES = 1 << 30
SIZES = 5  # that a verb finds too small before it has room
# A file system in memory, which nobody else sees and which ends with this shell. Each line that the
# shell reads is a new size.
MOUNTED = (
    'mount -t tmpfs disk "$0" && while echo mounted; read -r size; '
    'do mount -o remount,size="$size" "$0" || exit; done'
)


@dataclass(frozen=True)
class Disk:
    """A disk whose size can be changed, with a store and perhaps a bundle on it."""

    place: Path
    shell: subprocess.Popen[str]

    def resize(self, size_bytes: int) -> None:
        """Make it so large, or as large as what lies on it."""
        self.shell.stdin.write(f"{max(size_bytes, self.used_bytes)}\n")
        self.shell.stdin.flush()
        assert self.shell.stdout.readline() == "mounted\n", self.shell.stderr.read()

    @property
    def seen(self) -> Path:
        """What lies at `place`, for a process that has not mounted the disk."""
        return Path(f"/proc/{self.shell.pid}/root") / self.place.relative_to("/")

    @property
    def used_bytes(self) -> int:
        """How much lies on it now."""
        told = os.statvfs(self.seen)
        return (told.f_blocks - told.f_bfree) * told.f_bsize

    @property
    def warm(self) -> Warm:
        """The command line with its store on this disk; what it fetches lies elsewhere."""
        folder, store = self.place.parent, self.place / "store"
        extra = {"EDGECOMPRESS_CACHE": str(folder / "cache")}
        return Warm(CommandLine(store, folder, extra), self.shell.pid)


@contextmanager
def mounted(place: Path) -> Iterator[Disk]:
    """An empty disk at `place`."""
    place.mkdir(exist_ok=True)
    shell = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTED, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with shell:
        if shell.stdout.readline() != "mounted\n":
            pytest.skip(f"no disk can be mounted here: {shell.stderr.read().strip()}")
        yield Disk(place, shell)


@pytest.mark.parametrize(
    "points", [10, pytest.param(30, marks=pytest.mark.slow)], ids="{} points".format
)
@pytest.mark.timeout(3600)
def test_what_met_a_full_disk_goes_on_with_more_room(released, tmp_path, points):
    """First a run, which writes what it makes, then a release, which writes reports and a bundle.

    On a disk with room for the first bytes that a verb needs, then for more of them, then for all.
    """
    rng = random.Random(points)
    place, met = tmp_path / "disk", 0
    verbs = [("run", released.recipe), ("release", released.recipe, "--out", place / "bundle")]
    with mounted(place) as disk:
        needed = [(disk.used_bytes, most_used_by(disk, verb)) for verb in verbs]
    while met < points:
        with mounted(place) as disk:
            for verb, room in zip(verbs, needed, strict=True):
                sizes = sorted(rng.randrange(*room) for _ in range(SIZES))
                met += run_out_of_room(disk, verb, sizes)
            assert made(disk.seen / "bundle") == made(released.bundle)


def most_used_by(disk: Disk, verb: Sequence[object]) -> int:
    """The most bytes that lie on its disk at any time while it runs undisturbed."""
    disk.resize(ROOMY_BYTES)
    running = disk.warm.start(*verb)
    most = 0
    while not wait([running.process.sentinel], 0.001):
        most = max(most, disk.used_bytes)
    ended = running.end()
    assert ended.code == 0, ended.said
    return most


def run_out_of_room(disk: Disk, verb: Sequence[object], sizes: list[int]) -> int:
    """Start it on a disk of each size, then of ample size; returns how often there was no room."""
    history, met = History(disk.seen / "store"), 0
    for size in sizes:
        disk.resize(size)
        ended = disk.warm("--wait", "0", *verb)
        history.go_on()
        if (disk.seen / "bundle").exists():
            verify_bundle(disk.seen / "bundle")
        if ended.code == 0:
            return met
        assert ended.code == ExitCode.ENVIRONMENT, ended.said
        assert "Traceback" not in ended.said
        *_, last = ended.said.splitlines()
        assert re.match(rf"error: {disk.place}/.*disk is full.*\d GB free", last), ended.said
        print(f"{size:>9,} bytes: {last}")
        met += 1
    disk.resize(ROOMY_BYTES)
    ended = disk.warm("--wait", "0", *verb)
    assert ended.code == 0, ended.said
    return met
