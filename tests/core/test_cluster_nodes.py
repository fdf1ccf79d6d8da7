"""A Ray cluster of simulated nodes on this machine, with toys in the place of work.

Nodes and connections take seconds to start, so one cluster serves all tests; the one that loses a
node brings that node along.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecompress.core.cluster import Cluster, Job, connected
from edgecompress.core.pool import WorkerDied
from tests.nodes import Simulated, ray, simulated

pytestmark = pytest.mark.timeout(180)

VARIABLES = {"PYTHONHASHSEED": "0"}


def toy(task):
    """As the worker of a pool would; the task says what becomes of it."""
    seen = Path(f"{task['folder']}/{task['row']}.seen")
    first = not seen.exists()
    seen.touch()
    if task["text"] == "die" or (task["text"] == "die once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    if task["text"] == "refuse":
        raise ValueError("not with me")
    time.sleep(task["seconds"])
    return {
        "row": task["row"],
        "node": ray.get_runtime_context().get_node_id(),
        "process": os.getpid(),
        "hash": hash("words"),
    }


@pytest.fixture(scope="module")
def nodes() -> Iterator[Simulated]:
    with simulated(2) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(nodes) -> Iterator[Cluster]:
    with connected(Job("test", toy, VARIABLES), nodes.address) as made:
        yield made


def tasks(folder: Path, *texts: str, seconds: float = 0.0):
    return [
        {"row": row, "text": text, "folder": str(folder), "seconds": seconds}
        for row, text in enumerate(texts)
    ]


def test_tasks_come_back_with_their_replies_from_both_nodes(cluster, tmp_path):
    found = list(cluster.work(tasks(tmp_path, *"abcdef", seconds=0.5)))
    assert sorted(task["row"] for task, _ in found) == list(range(6))
    assert all(task["row"] == reply["row"] for task, reply in found)
    assert len({reply["node"] for _, reply in found}) == cluster.workers == 2


def test_a_process_is_kept_for_the_next_task(cluster, tmp_path):
    found = list(cluster.work(tasks(tmp_path, *"abcdefgh", seconds=0.1)))
    assert len({reply["process"] for _, reply in found}) == 2


def test_processes_start_with_the_variables_of_their_job(cluster, tmp_path):
    # hashes are seeded when an interpreter starts: a variable that came later would change none
    found = {reply["hash"] for _, reply in cluster.work(tasks(tmp_path, *"abcd"))}
    command = [sys.executable, "-c", 'print(hash("words"))']
    assert found == {int(subprocess.check_output(command, env={**os.environ, **VARIABLES}))}


def test_what_kills_two_processes_is_told_and_the_others_are_done(cluster, tmp_path):
    asked = tasks(tmp_path, "a", "die", "b", "die once")
    found = {task["text"]: reply for task, reply in cluster.work(asked)}
    assert isinstance(found["die"], WorkerDied)
    assert [found[text]["row"] for text in ("a", "b", "die once")] == [0, 2, 3]


def test_an_error_of_the_work_itself_ends_it(cluster, tmp_path):
    with pytest.raises(ValueError, match="not with me"):
        list(cluster.work(tasks(tmp_path, "refuse")))


def test_a_node_that_is_lost_at_work_costs_nothing_but_time(nodes, cluster, tmp_path):
    lost, found, alive = nodes.add_node(num_cpus=1), [], True
    nodes.wait_for_nodes()
    for task, reply in cluster.work(tasks(tmp_path, *"abcdefghijkl", seconds=0.5)):
        found.append((task["row"], reply["row"]))
        if alive and reply["node"] == lost.node_id:  # which has its next task by now
            nodes.remove_node(lost, allow_graceful=False)
            alive = False
    assert not alive
    assert sorted(found) == [(row, row) for row in range(12)]
