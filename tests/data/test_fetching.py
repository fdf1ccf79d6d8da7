from dataclasses import replace
from pathlib import Path

import pytest

from edgecompress.core.errors import IntegrityError, OfflineError
from edgecompress.data import fetching
from edgecompress.data.fetching import fetch_wheel, kept_wheel
from edgecompress.data.packs import Wheel
from tests.data.wheels import make_wheel
from tests.fakes import Listener


class Counter(Listener):
    """Adds up what the bar is told."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0.0

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.total += amount


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands in for the package registry, through pip's own settings."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)
    return folder


@pytest.fixture
def wheel(index: Path) -> Wheel:
    return make_wheel(index, "small_pack", {"small_pack/data.txt": "x" * 100_000})


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


def names(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.iterdir())


def test_a_fetched_wheel_is_kept_and_nothing_else(wheel: Wheel, shelf: Path):
    path = fetch_wheel(wheel, shelf, Listener())
    assert path == kept_wheel(wheel, shelf)
    assert names(shelf) == [wheel.file]


def test_the_bar_ends_at_the_size_of_the_wheel(wheel: Wheel, shelf: Path):
    bar = Counter()
    fetch_wheel(wheel, shelf, bar)
    assert bar.total == wheel.size_bytes


def test_other_bytes_than_the_pinned_ones_are_refused_and_not_kept(wheel: Wheel, shelf: Path):
    pinned = replace(wheel, sha256="0" * 64)
    with pytest.raises(IntegrityError, match=rf"sha256 {wheel.sha256}, pinned is 0000"):
        fetch_wheel(pinned, shelf, Listener())
    assert names(shelf) == []


def test_what_pip_cannot_find_is_tried_three_times_and_told_in_its_words(index: Path, shelf: Path):
    gone = Wheel("no_such_pack", "1.0", "no_such_pack-1.0-py3-none-any.whl", 1, "0" * 64)
    told = Listener()
    with pytest.raises(OfflineError, match=r"no_such_pack==1\.0: .* No matching distribution"):
        fetch_wheel(gone, shelf, told)
    assert len(told.warnings) == 2
    assert names(shelf) == []


def test_what_a_killed_process_left_behind_is_swept(wheel: Wheel, shelf: Path):
    left = shelf / f".part-{wheel.file}-abc"
    left.mkdir(parents=True)
    (left / wheel.file).write_bytes(b"half of it")
    fetch_wheel(wheel, shelf, Listener())
    assert names(shelf) == [wheel.file]


def test_a_damaged_wheel_on_the_shelf_is_not_the_wheel(wheel: Wheel, shelf: Path):
    path = fetch_wheel(wheel, shelf, Listener())
    path.write_bytes(path.read_bytes()[:-1])
    assert kept_wheel(wheel, shelf) is None
