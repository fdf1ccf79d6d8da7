"""A Ray cluster of simulated nodes on this machine, with toys in the place of work.

Nodes and connections take seconds to start, so one cluster serves all tests; the one that loses a
node brings that node along.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecompress.core.errors import EnvironmentFault, MissingExtra
from edgecompress.core.pool import WorkerDied
from edgecompress.search.cluster import Cluster, connected
from tests.search.nodes import Simulated, ray, simulated

pytestmark = pytest.mark.timeout(180)


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
    return {"row": task["row"], "node": ray.get_runtime_context().get_node_id()}


@pytest.fixture(scope="module")
def nodes() -> Iterator[Simulated]:
    with simulated(2) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(nodes) -> Iterator[Cluster]:
    with connected(toy, nodes.address) as made:
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


def test_an_address_where_nobody_is_gets_a_clear_error():
    with (
        pytest.raises(EnvironmentFault, match=r"--ray-address 127\.0\.0\.1:1"),
        connected(toy, "127.0.0.1:1"),
    ):
        pass


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r'pip install "edgecompress\[search\]"'),
        connected(toy, "auto"),
    ):
        pass
