"""A shell with `edgecompress` in it, its own store, and the folder that the tutorial leaves."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.docs.reader import Reader

SHIM = '#!/bin/sh\nexec "{python}" {module} "$@"\n'
OUTER = ("EDGECOMPRESS_STORE", "EDGECOMPRESS_CACHE", "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS")


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a reader's shell; `python` and `edgecompress` are those under test."""
    home = tmp_path_factory.mktemp("reader")
    (home / "bin").mkdir()
    for name, module in (("python", ""), ("edgecompress", "-m edgecompress")):
        (home / "bin" / name).write_text(SHIM.format(python=sys.executable, module=module))
        (home / "bin" / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in OUTER}
    return {
        **kept,
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "EDGECOMPRESS_STORE": str(home / "store"),
        "EDGECOMPRESS_CACHE": str(home / "cache"),
    }


@pytest.fixture(scope="session")
def after_tutorial(
    repository: Path, shell: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of somebody who has followed the tutorial."""
    folder = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Reader(folder, shell, folder / "first.yaml").read(repository / "docs/tutorial.md")
    return folder


@pytest.fixture
def reader(
    after_tutorial: Path, shell: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Reader:
    """Somebody in a copy of that folder."""
    folder = Path(shutil.copytree(after_tutorial, tmp_path / "work"))
    monkeypatch.chdir(folder)
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    return Reader(folder, shell, folder / "first.yaml")
