"""SIGKILL at any moment, then the same command: a whole bundle, nothing finished done twice.

SIGKILL tests the order of renames, not the disk's honesty about flushes.
"""

import json
import random
import re
import subprocess
from collections import Counter

import pytest

from edgecompress.core.progress import Silent
from edgecompress.runtime.bundle import verify_bundle
from edgecompress.store.store import Store
from tests.chains import in_order, write_chain
from tests.end_to_end.conftest import CommandLine, release_once


@pytest.mark.parametrize(
    "kills",
    [pytest.param(5, id="5 kills"), pytest.param(40, id="40 kills", marks=pytest.mark.slow)],
)
@pytest.mark.timeout(3600)
def test_killed_at_random_moments_it_ends_with_the_same_bundle(fresh, released, kills):
    """Only kills that hit count; whenever a run gets through, the next begins on an empty store."""
    rng = random.Random(kills)
    landed = laps = 0
    while landed < kills:
        laps += 1
        command = CommandLine(fresh.folder / f"store {laps}", fresh.folder)
        landed += kills_until_done(command, released, rng)


@pytest.mark.parametrize(
    "least", [3, pytest.param(20, marks=pytest.mark.slow)], ids="at least {} kills".format
)
@pytest.mark.timeout(3600)
def test_a_chain_of_all_stages_killed_at_random_moments_ends_the_same(tmp_path, fresh, least):
    folder = tmp_path / "once"
    folder.mkdir()
    once = release_once(folder, write_chain(folder, in_order(0)))
    rng = random.Random(least)
    landed = laps = 0
    while landed < least:
        laps += 1
        landed += kills_until_done(CommandLine(tmp_path / f"store {laps}", tmp_path), once, rng)


def kills_until_done(command: CommandLine, released, rng: random.Random) -> int:
    """Kill and start again until a run ends by itself; returns how often it was killed.

    The moments are later the more often it was killed, so that it gets through on any machine.
    """
    out = command.folder / f"bundle of {command.store.name}"
    finished: Counter[str] = Counter()
    landed = 0
    while True:
        running = command.start("release", released.recipe, "--out", out)
        try:
            said = running.communicate(timeout=rng.uniform(0.2, 5 + 2 * landed))[1]
        except subprocess.TimeoutExpired:
            running.kill()
            landed += 1
            finished.update(finished_in(running.communicate()[1]))
            assert Store(command.store, Silent()).verify() == []
            if out.exists():
                verify_bundle(out)
            continue
        assert running.returncode == 0, said
        finished.update(finished_in(said))
        assert {name: count for name, count in finished.items() if count > 1} == {}
        assert digests(out) == digests(released.bundle)
        return landed


def finished_in(said: str) -> list[str]:
    return re.findall(r"^(.+): done in", said, flags=re.MULTILINE)


def digests(bundle) -> dict[str, str]:
    """Digests of what was made, so of the weights after every resumed training too."""
    report = json.loads((bundle / ".edgecompress/report.json").read_text())
    return {stage["kind"]: stage["digest"] for stage in report["stages"]}
