"""A search that loses a node, or is killed again and again, ends as one that nobody disturbed.

Everybody trains on one thread, so the same student comes out to the last bit on the same machine.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pytest

from edgecompress.search.evaluations import EVENT
from edgecompress.store.record import Journal
from tests.end_to_end.conftest import COMMAND, CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SECTION = """\
search:
  student: 0
  objectives: [loyalty, params]
  population: 4
  budget: {evaluations: 18}
  elites: 2
  seeds: 2
"""
KILLS = 10
GLANCE_S = 0.02


@dataclass(frozen=True)
class Place:
    """Where a search is made: a store of its own, whose teacher is trained already."""

    recipe: Path
    command: CommandLine

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "search", str(self.recipe), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.command.environment,
            process_group=0,
        )

    def events(self, pattern: str) -> list[dict[str, Any]]:
        runs = sorted((self.command.store / "runs").glob(f"{pattern}.jsonl"))
        return [event for path in runs for event in Journal(path).events()]

    def evaluations(self) -> list[dict[str, Any]]:
        return [event for event in self.events("search-*") if event["event"] == EVENT]

    def names(self) -> list[str]:
        return [event["name"] for event in self.evaluations()]

    def trainings(self) -> Counter[str]:
        """How often each was brought to its end, by key."""
        return Counter(e["key"] for e in self.events("*-smoke-*") if e["event"] == "stage-finished")


@pytest.fixture(scope="module")
def place(repository, tmp_path_factory) -> Callable[[str], Place]:
    folder = tmp_path_factory.mktemp("searches")
    recipe = folder / "smoke.yaml"
    recipe.write_text((repository / "recipes/smoke.yaml").read_text() + SECTION)
    ready = CommandLine(folder / "ready" / "store", folder)
    done = ready("run", recipe, "--until", "teacher")
    assert done.returncode == 0, done.stderr

    def made(name: str) -> Place:
        shutil.copytree(folder / "ready", folder / name)
        return Place(recipe, CommandLine(folder / name / "store", folder))

    return made


def outcome(said: str) -> Any:
    """Front, and what was found of every student, without what it took."""
    document = json.loads(said)
    students = [
        {key: value for key, value in one.items() if key != "seconds"}
        for one in document["students"]
    ]
    return document["front"], students


@dataclass(frozen=True)
class Undisturbed:
    outcome: Any
    names: list[str]
    seconds: float  # of an evaluation in the middle


@pytest.fixture(scope="module")
def undisturbed(place) -> Undisturbed:
    here = place("undisturbed")
    done = here.command("search", here.recipe, "--workers", "1", "--json")
    assert done.returncode == 0, done.stderr
    seconds = median(one["seconds"] for one in here.evaluations())
    assert len(here.names()) == len(set(here.names())) == 18
    return Undisturbed(outcome(done.stdout), here.names(), seconds)


def wait_until(reached: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    while not reached():
        assert running.poll() is None, running.communicate()[1]
        time.sleep(GLANCE_S)


def kill(running: subprocess.Popen[str], *, workers_too: bool) -> None:
    """As the kernel would: its workers may outlive it, and finish what they have begun."""
    workers = psutil.Process(running.pid).children(recursive=True) if workers_too else []
    os.killpg(running.pid, signal.SIGKILL)
    for worker in workers:
        worker.kill()
    running.communicate()


def test_killed_at_ten_random_moments_no_evaluation_is_lost_or_repeated(place, undisturbed):
    here, rng, kept = place("killed"), random.Random(7), list[str]()
    total = len(undisturbed.names)
    for least in sorted(rng.sample(range(total - 4), KILLS)):
        running = here.start("--workers", "2")
        wait_until(lambda least=least: len(here.names()) >= least, running)
        time.sleep(rng.uniform(0, undisturbed.seconds))
        assert running.poll() is None, "it was through before it could be killed"
        kill(running, workers_too=rng.random() < 0.5)
        now = here.names()
        assert now[: len(kept)] == kept
        kept = now
    done = here.command("search", here.recipe, "--workers", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(here.names()) == sorted(undisturbed.names)  # each of them once
    assert max(here.trainings().values()) == 1
    assert outcome(done.stdout) == undisturbed.outcome


def test_a_node_that_dies_at_work_leaves_the_same_front(place, undisturbed):
    nodes = pytest.importorskip("tests.nodes", reason="needs the extra `search`")
    here = place("two nodes")
    with nodes.simulated(2) as cluster:
        lost = cluster.list_all_nodes()[-1]
        running = here.start("--ray-address", cluster.address, "--json")
        wait_until(lambda: len(here.names()) >= 5, running)
        cluster.remove_node(lost, allow_graceful=False)
        left = len(undisturbed.names) - len(here.names())
        said, heard = running.communicate()
    assert running.returncode == 0, heard
    assert left > 0
    assert sorted(here.names()) == sorted(undisturbed.names)
    assert outcome(said) == undisturbed.outcome
