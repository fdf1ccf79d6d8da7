"""An attack by two Ray nodes, one of them lost at work, ends as that of one worker here."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgecompress.attacks.outcomes import FILE
from edgecompress.workflow.places import cache_folder
from tests.end_to_end.conftest import COMMAND, CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

GATE = """\
gate:
  - {check: attack, recipes: [deepwordbug], rows: 60}
  - {check: size, ratio_at_most: 0.6}
"""
LOST_AFTER = 10  # texts, of 120
GLANCE_S = 0.02


@pytest.fixture(scope="module")
def ready(repository, tmp_path_factory) -> CommandLine:
    """A store with everything that is trained, beside the recipe."""
    if not any((cache_folder() / "resources").glob("nltk-data-*")):
        pytest.skip("the word lists are not in the user's cache")
    folder = tmp_path_factory.mktemp("shared")
    smoke = (repository / "recipes/smoke.yaml").read_text()
    (folder / "smoke.yaml").write_text(smoke.partition("gate:\n")[0] + GATE)
    extra = {"EDGECOMPRESS_CACHE": str(cache_folder())}
    command = CommandLine(folder / "ready", folder, extra)
    done = command("run", "smoke.yaml", "--until", "export")
    assert done.returncode == 0, done.stderr
    return command


def started(ready: CommandLine, name: str, *options: str, **how: Any) -> subprocess.Popen[str]:
    """The whole run, in a copy of the store."""
    command = replace(ready, store=ready.folder / name)
    shutil.copytree(ready.store, command.store)
    return subprocess.Popen(
        [*COMMAND, "run", "smoke.yaml", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=command.environment,
        cwd=ready.folder,
        **how,
    )


def ended(ready: CommandLine, name: str, running: subprocess.Popen[str]) -> Any:
    """Outcomes of both models to the last byte, and what the check made of them."""
    said, heard = running.communicate()
    assert running.returncode == 0, heard
    found = [path.read_bytes() for path in (ready.folder / name).rglob(FILE)]
    assert len(found) == 2
    report = json.loads(said)
    checks = [one for one in report["checks"] if one["check"] == "attack"]
    return sorted(found), checks, report["exhibits"]


def attacked(store: Path) -> int:
    """Texts whose outcome is on the disk."""
    return sum(len(path.read_text().splitlines()) for path in store.rglob("journal.jsonl"))


def wait_until(reached: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    while not reached():
        assert running.poll() is None, running.communicate()[1]
        time.sleep(GLANCE_S)


def test_two_nodes_of_which_one_is_lost_find_what_one_worker_finds(ready):
    nodes = pytest.importorskip("tests.nodes", reason="needs the extra `search`")
    core = min(os.sched_getaffinity(0))
    alone = started(ready, "alone", preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    expected = ended(ready, "alone", alone)
    with nodes.simulated(2) as cluster:
        lost = cluster.list_all_nodes()[-1]
        running = started(ready, "shared", "--ray-address", cluster.address)
        wait_until(lambda: attacked(ready.folder / "shared") >= LOST_AFTER, running)
        cluster.remove_node(lost, allow_graceful=False)
        assert running.poll() is None, "it was through before the node was lost"
        assert ended(ready, "shared", running) == expected


def test_a_cluster_that_nobody_answers_for_is_told_before_anything_is_made(fresh, repository):
    pytest.importorskip("ray", reason="needs the extra `search`")
    recipe = repository / "recipes/smoke.yaml"
    for verb in (("run",), ("gate",), ("release", "--out", "bundle")):
        done = fresh(verb[0], recipe, *verb[1:], "--ray-address", "127.0.0.1:1")
        assert done.returncode == 4, done.stderr
        assert "--ray-address 127.0.0.1:1: nobody answers there" in done.stderr
        assert "started" not in done.stderr
