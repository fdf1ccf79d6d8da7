"""The bundle to time: --bundle DIR, else release/, else a smoke bundle made for the occasion."""

from pathlib import Path

import pytest

from edgecompress.cli.main import _run

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bundle", type=Path, default=None, help="a bundle to time")


@pytest.fixture(scope="session")
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    given: Path | None = request.config.getoption("--bundle")
    if given is not None:
        return given
    if (ROOT / "release/.edgecompress").is_dir():
        return ROOT / "release"
    made = tmp_path_factory.mktemp("smoke") / "bundle"
    assert _run(["release", str(ROOT / "recipes/smoke.yaml"), "--out", str(made)]) == 0
    return made
