"""Images built by buildah on a base made by debootstrap: no engine and no registry is needed.

`EDGECOMPRESS_TEST_IMAGES=DIR` keeps what was built in DIR, for the next run to go on from.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.image.container import Container

NEEDED = ("buildah", "debootstrap", "unshare", "nsenter", "ip", "make")
BASE = "localhost/stand-in:bookworm"
NOT_IN_A_SLIM_BASE = (
    "rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man /usr/share/locale"
)


@dataclass(frozen=True)
class Images:
    """A place for images of its own, apart from those of this machine."""

    place: Path

    @property
    def command(self) -> list[str]:
        root, run = self.place / "storage", self.place / "run"
        return ["buildah", "--root", str(root), "--runroot", str(run)]

    @property
    def environment(self) -> dict[str, str]:
        """A build inside a container may make no container of its own; a chroot it may."""
        return {**os.environ, "BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments: str | Path) -> str:
        """What buildah says on stdout."""
        done = subprocess.run(
            [*self.command, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def has(self, name: str) -> bool:
        return name in self("images", "--format", "{{.Name}}:{{.Tag}}").split()

    def settings(self, name: str) -> dict[str, Any]:
        """User, entry point, labels, health check: what an engine would read."""
        told: dict[str, Any] = json.loads(self("inspect", "--type", "image", name))
        return dict(told["Docker"]["config"])

    def megabytes(self, name: str) -> float:
        """All layers, unpacked."""
        size, unit = self("images", "--format", "{{.Size}}", name).splitlines()[0].split()
        return float(size) * {"KB": 1e-3, "MB": 1.0, "GB": 1e3}[unit]

    def container(self, name: str, **bound: Path) -> Container:
        """A new one of this image; `work=DIR` binds the folder DIR to /work."""
        made = self("from", "--pull-never", name)
        for folder in bound.values():
            os.chown(folder, *map(int, self.settings(name)["User"].split(":")))
        return Container(Path(self("mount", made)), self.settings(name), bound)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root, and {', '.join(missing) or 'has all else'}")
    kept = os.environ.get("EDGECOMPRESS_TEST_IMAGES")
    made = Images(Path(kept) if kept else tmp_path_factory.mktemp("images"))
    yield made
    made("rm", "--all")
    if not kept:
        made("rmi", "--all", "--force")


@pytest.fixture(scope="session")
def base(images: Images) -> str:
    """Debian with its Python, in the place of the image that the Dockerfile names."""
    if not images.has(BASE):
        made = images("from", "scratch")
        root = images("mount", made)
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True)
        install = "apt-get install --yes --no-install-recommends ca-certificates python3-venv"
        images("run", made, "--", "sh", "-c", f"{install} && {NOT_IN_A_SLIM_BASE}")
        images("commit", "--squash", "--rm", made, BASE)
    return BASE


@pytest.fixture(scope="session")
def pip_settings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """This machine's way to its packages as options of a build: folders and secret settings."""
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True)
    found = re.findall(r"^(global|:env:)\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE)
    told = {key: value for _, key, value in sorted(found, reverse=True)}  # the environment wins
    folder = tmp_path_factory.mktemp("pip")
    options = [f"--secret=id=pip.conf,src={folder / 'pip.conf'}"]
    if "cert" in told:
        options.append(f"--secret=id=ca.crt,src={told['cert']}")
        told["cert"] = "/run/secrets/ca.crt"
    for scheme, place in re.findall(r"(file://)?(/\S+)", " ".join(told.values())):
        # the pages of an index lead to files beside it
        folder_there = Path(place).parent if scheme else Path(place)
        if Path(place).is_dir():
            options.append(f"--volume={folder_there}:{folder_there}:ro")
    lines = [f"{key} = {value}" for key, value in told.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines]) + "\n")
    return options
