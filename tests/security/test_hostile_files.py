"""Bundles whose seal is right and whose contents are hostile: refused, and nothing outside read.

The list is that of docs/decisions/0017: graphs, weights, settings, tokenizers, archives, paths.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.security.hostile_files import FILES, LINKS, SEALED_BEFORE
from tests.security.hostile_graphs import GRAPHS, SECRET_BYTES
from tests.security.small_bundle import forge, write_bundle, write_model

HERE = Path(__file__).parent
LIMIT_S, LIMIT_BYTES = 10, 2_000_000_000
Found = dict[str, Any]

# Not refused by `verify`, which opens neither graph nor tokenizer: only that shows how much memory
# they ask for, or that nothing can be done with them.
RUN_TO_BE_SEEN = frozenset(
    {
        *("a table that claims 4 TB", "a table of negative size", "a table whose size overflows"),
        *("a constant of 256 GB", "a value spread to 256 GB", "a value repeated to 256 GB"),
        *("a range of 2^40 numbers", "an outer product of 256 GB"),
        *("a sum that is spread to 256 GB", "forty doublings"),
        *("labels that are no texts", "a vocabulary without unknown", "no vocabulary"),
        *("a regex that explodes",),
    }
)


def made(folder: Path, name: str, write: Callable[[Path, Path], None]) -> list[str]:
    """A bundle with one hostile thing in it, and a folder beside it that is nobody's business."""
    outside = folder / "outside"
    outside.mkdir(parents=True)
    (outside / "secret").write_bytes(bytes(SECRET_BYTES))
    if name in LINKS:
        bundle = write_bundle(folder / "bundle")
        write(bundle, outside)
    else:
        bundle = write_model(folder / "bundle")
        write(bundle, outside)
        if name not in SEALED_BEFORE:
            forge(bundle)
    return [str(bundle), str(outside)]


CASES = {**GRAPHS, **FILES, **SEALED_BEFORE, **LINKS}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[str, Found]:
    """All cases, and one sound bundle, before the court."""
    folder = tmp_path_factory.mktemp("hostile")
    cases = {name: made(folder / str(n), name, w) for n, (name, w) in enumerate(CASES.items())}
    cases["sound"] = made(folder / "sound", "sound", lambda bundle, outside: None)
    (folder / "cases.json").write_text(json.dumps(cases))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.security.court",
            folder / "cases.json",
            folder / "found.json",
        ],
        cwd=repository,
        check=True,
        timeout=500,
    )
    found: dict[str, Found] = json.loads((folder / "found.json").read_text())
    return found


def test_there_are_sixty_and_more() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_6(verdicts: dict[str, Found], name: str) -> None:
    predict, verify = verdicts[name]["predict"], verdicts[name]["verify"]
    assert predict["code"] == 6, predict["said"]
    assert verify["code"] == 6 or name in RUN_TO_BE_SEEN, verify["said"]
    assert "error: " in predict["said"]
    assert "Traceback" not in predict["said"] + verify["said"]


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_executed_and_nothing_outside_is_read(
    verdicts: dict[str, Found], name: str
) -> None:
    for found in verdicts[name].values():
        assert not found["executed"]
        # A hard link is the file itself: to hash the bundle is to read it.
        assert not found["outside_touched"] or name == "external data through a hard link"
        assert found["reached"] == []


@pytest.mark.parametrize("name", CASES)
def test_it_takes_neither_long_nor_much_memory(verdicts: dict[str, Found], name: str) -> None:
    for found in verdicts[name].values():
        assert found["seconds"] < LIMIT_S
        assert found["peak_bytes"] < LIMIT_BYTES


def test_a_sound_bundle_passes_the_same_court(verdicts: dict[str, Found]) -> None:
    for found in verdicts["sound"].values():
        assert (found["code"], found["reached"]) == (0, []), found["said"]


def test_the_court_sees_what_is_opened_outside(tmp_path: Path, repository: Path) -> None:
    """A link in place of the bundle: the file outside is read through it, and both watches tell."""
    bundle, outside = made(tmp_path, "sound", lambda bundle, outside: None)
    script = (
        "import sys; from pathlib import Path; from tests.security import court\n"
        "bundle, outside = map(Path, sys.argv[1:])\n"
        "court._run = lambda verb: len((outside / 'secret').read_bytes()) and 6\n"
        "print(court.json.dumps(court.tried(['verify'], bundle, outside)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, bundle, outside],
        capture_output=True,
        text=True,
        cwd=repository,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["outside_touched"]
    assert found["reached"] == [f"open {outside}/secret"]
