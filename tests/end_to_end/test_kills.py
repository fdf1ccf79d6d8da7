"""SIGKILL at any moment, then the same command: a whole bundle, nothing finished done twice.

SIGKILL tests the order of renames, not the disk's honesty about flushes.
"""

import json
import random
import re
import time

import pytest

from edgecompress.core.progress import Silent
from edgecompress.runtime.bundle import verify_bundle
from edgecompress.store.store import Store

DETERMINISTIC = ("export", "quantize")


@pytest.mark.parametrize(
    "kills",
    [pytest.param(4, id="4 kills"), pytest.param(40, id="40 kills", marks=pytest.mark.slow)],
)
@pytest.mark.timeout(3600)
def test_killed_at_random_moments_it_ends_with_the_same_bundle(fresh, released, kills):
    """Moments are spread over the time that a whole run takes, however far the work has come."""
    rng = random.Random(kills)
    took = whole_run_s(released)
    out = fresh.folder / "bundle"
    finished: dict[str, int] = {}
    for _ in range(kills):
        running = fresh.start("release", released.recipe, "--out", out)
        try:
            running.wait(timeout=rng.uniform(0.2, 0.7 * took))
        except Exception:
            running.kill()
        count_finished(running.communicate()[1], finished)
        assert Store(fresh.store, Silent()).verify() == []
        if out.exists():
            verify_bundle(out)
    done = fresh("release", released.recipe, "--out", out)
    assert done.returncode == 0, done.stderr
    count_finished(done.stderr, finished)
    assert {name: count for name, count in finished.items() if count > 1} == {}
    assert digests(out) == digests(released.bundle)


def whole_run_s(released) -> float:
    began = time.monotonic()
    released.command("plan", released.recipe)
    start_up = time.monotonic() - began
    report = json.loads((released.bundle / ".edgecompress/report.json").read_text())
    return start_up + 10 + sum(stage["seconds"] for stage in report["stages"])


def count_finished(said: str, finished: dict[str, int]) -> None:
    for name in re.findall(r"^(.+): done in", said, flags=re.MULTILINE):
        finished[name] = finished.get(name, 0) + 1


def digests(bundle) -> dict[str, str]:
    """Digests of what was made, so of the weights after every resumed training too."""
    report = json.loads((bundle / ".edgecompress/report.json").read_text())
    return {stage["kind"]: stage["digest"] for stage in report["stages"]}
