"""A container without an engine: namespaces, a read-only root, the image's own user, no network.

What an engine would do with the flags --read-only --cap-drop ALL --security-opt no-new-privileges
--network none. There is a /proc, a few devices, and /dev/shm; nothing else can be written.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# $1 is the root; then folders and where they go in it, up to "--"; then what is run.
ENTER = """
set -eu
root=$1; shift
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$1" "$root/$2"; shift 2; done; shift
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"; mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
ip link set lo up
exec "$@"
"""


@dataclass(frozen=True)
class Container:
    """One file system, and how the image wants things to be run in it."""

    root: Path
    settings: dict[str, Any]
    bound: dict[str, Path]

    def start(self, *arguments: str, entry: Sequence[str] = ()) -> "Run":
        """The image's entry point, or another one, with these arguments or the image's own."""
        command = [*(entry or self.settings["Entrypoint"]), *(arguments or self.settings["Cmd"])]
        binds = [word for name, folder in self.bound.items() for word in (str(folder), name)]
        process = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork"),
                *("sh", "-c", ENTER, "sh", str(self.root), *binds, "--"),
                *self.inside(command),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Run(self, process)

    def run(self, *arguments: str, entry: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Start it, and wait for its end."""
        started = self.start(*arguments, entry=entry)
        out, err = started.process.communicate(timeout=1800)
        return subprocess.CompletedProcess([], started.process.returncode, out, err)

    def inside(self, command: Sequence[str]) -> list[str]:
        """As the image's user, with its environment and none of ours."""
        user = self.settings["User"]
        places = ("setpriv", "--no-new-privs", "chroot", f"--userspec={user}", str(self.root))
        return [*places, "/usr/bin/env", "-i", *self.settings["Env"], *command]


@dataclass(frozen=True)
class Run:
    """A process and its company, gone at the end of a `with`."""

    container: Container
    process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)

    @property
    def first(self) -> int:
        """The process that is number 1 in there, by its number out here."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while not (found := children.read_text().split()):
            if self.process.poll() is not None:
                raise RuntimeError(f"it has ended: {self.process.communicate()}")
            time.sleep(0.01)
        return int(found[0])

    def also(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another command in the same container, as `exec` of an engine."""
        joined = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--ipc"]
        inside = self.container.inside(command)
        return subprocess.run([*joined, *inside], capture_output=True, text=True, check=False)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """A signal to the first process; the exit code."""
        os.kill(self.first, by)
        self.process.communicate(timeout=60)
        return self.process.returncode
