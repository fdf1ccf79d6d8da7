"""SIGKILL at any moment, then the same command: a whole bundle, nothing finished done twice.

No run waits for a lock: one that a death did not release would end it. SIGKILL tests the order of
renames, not the disk's honesty about flushes.
"""

import json
import random
import re
import shutil
import signal
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from edgecompress.runtime.bundle import MANIFEST, META, verify_bundle
from edgecompress.store.manifest import MANIFEST as SEAL
from tests.chains import in_order, write_chain
from tests.end_to_end.conftest import CommandLine, Released, release_once
from tests.end_to_end.history import History
from tests.warm import Ended, Warm

pytestmark = pytest.mark.timeout(3600)
KILLS_A_LAP = 25  # then a run is left alone, and the next begins on an empty store
MOMENT = re.compile(r"^(?:.+: (?:started|done|cached)|gate: .+|report)", re.MULTILINE)


@pytest.fixture(params=["smoke", "chain"])
def once(request, tmp_path) -> Released:
    """A recipe, released undisturbed by a process of its own."""
    if request.param == "smoke":
        return request.getfixturevalue("released")
    folder = tmp_path / "once"
    folder.mkdir()
    return release_once(folder, write_chain(folder, in_order(0)))


@pytest.mark.parametrize(
    "kills", [25, pytest.param(225, marks=pytest.mark.slow)], ids="{} kills".format
)
def test_killed_at_any_moment_it_ends_with_the_same_bundle(once, tmp_path, kills):
    rng = random.Random(kills)
    hit: Counter[str] = Counter()
    for lap in count():
        command = CommandLine(tmp_path / f"lap {lap}/store", tmp_path)
        hit += killed_until_done(command, once, min(KILLS_A_LAP, kills - hit.total()), rng)
        if hit.total() == kills:
            break
    tell(hit)
    if kills > 200:
        # Steps, not their moments: what lies between two lines may last a millisecond.
        steps = set(re.findall(r"^(.+): started", once.done.stderr, flags=re.MULTILINE))
        places = {moment.partition(":")[0] for moment in hit}
        assert {*steps, "gate", "sealing a step", "bundling"} - places == set()


def killed_until_done(
    command: CommandLine, once: Released, kills: int, rng: random.Random
) -> Counter[str]:
    """Kill so many runs, less where one gets through; returns what the kills have hit.

    Half of them come after a random time, the others before a random change of the files, which
    hits short steps as often as long ones. Both come later the more often it was killed, so that it
    gets through on any machine.
    """
    out = command.store.parent / "bundle"
    release = ("--wait", "0", "release", once.recipe, "--out", out)
    warm, history, hit = Warm(command), History(command.store), Counter[str]()
    while hit.total() < kills:
        if rng.random() < 0.5:
            ended = warm.start(*release).end(rng.uniform(0, 1.0 + 0.1 * hit.total()))
        else:
            changes = rng.randrange(100 + 10 * hit.total())
            ended = warm.start(*release, last_change=changes).end()
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL, ended.said
        hit[under_way(ended, command.store, out)] += 1
        history.go_on()
        if out.exists():
            verify_bundle(out)
    else:
        ended = warm(*release)
    assert ended.code == 0, ended.said
    history.go_on()
    assert leftovers(out) == []
    assert made(out) == made(once.bundle)
    return hit


@pytest.mark.parametrize(
    "stride", [15, pytest.param(1, marks=pytest.mark.slow)], ids="every change in {}".format
)
def test_killed_before_any_change_while_it_replaces_a_bundle_it_keeps_one(
    released, tmp_path, stride
):
    """One run is killed before its first change of files, the next before its second, and so on."""
    command = CommandLine(tmp_path / "store", tmp_path)
    shutil.copytree(released.command.store, command.store)
    out = Path(shutil.copytree(released.bundle, tmp_path / "bundle"))
    warm, history, hit = Warm(command), History(command.store), Counter[str]()
    release = ("--wait", "0", "release", released.recipe, "--out", out)
    newest = 1
    for sequence, changes in enumerate(count(step=stride), start=2):
        ended = warm.start(*release, "--sequence", sequence, last_change=changes).end()
        history.go_on()
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL, ended.said
        hit[under_way(ended, command.store, out)] += 1
        kept = verify_bundle(out if out.exists() else next(out.parent.glob(".bundle-old-*")))
        assert newest <= kept.sequence <= sequence
        newest = kept.sequence
    tell(hit)
    assert verify_bundle(out).sequence == sequence
    assert leftovers(out) == []
    if stride == 1:
        assert {"bundling", "swapping"} - hit.keys() == set()


def under_way(ended: Ended, store: Path, out: Path) -> str:
    """By what lies half-made, else by the last that was said."""
    if any((beside / MANIFEST).exists() for beside in leftovers(out)):
        return "swapping"
    if leftovers(out):
        return "bundling"
    if any(store.glob(f"drafts/*/{SEAL}")):
        return "sealing a step"
    return (MOMENT.findall(ended.said) or ["beginning"])[-1]


def leftovers(out: Path) -> list[Path]:
    """What a release has put aside beside its bundle."""
    return sorted(out.parent.glob(f".{out.name}-*"))


def made(bundle: Path) -> list[tuple[str, str]]:
    """Digests of what was made, so of the weights after every resumed training too."""
    report = json.loads((bundle / META / "report.json").read_text())
    return [(stage["kind"], stage["digest"]) for stage in report["stages"]]


def tell(hit: Counter[str]) -> None:
    """What was under way at how many kills; pytest shows it with -s."""
    print(f"\n{hit.total()} kills", *(f"{n:6} {what}" for what, n in hit.most_common()), sep="\n")
