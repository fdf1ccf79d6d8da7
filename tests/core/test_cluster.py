"""Tasks done by a cluster, with a Ray of this process alone."""

import sys
from contextlib import closing

import pytest

from edgecompress.core import cluster
from edgecompress.core.cluster import Job, connected, reached
from edgecompress.core.errors import EnvironmentFault, MissingExtra
from edgecompress.core.pool import WorkerDied
from tests.fake_ray import FakeRay, NodeDied, NoStart

TASKS = [{"row": row} for row in range(5)]


def double(task):
    return {"twice": 2 * task["row"]}


@pytest.fixture
def ray(monkeypatch) -> FakeRay:
    made = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", made)
    return made


def test_every_task_has_its_reply(ray):
    with connected(Job("test", double), "auto") as made:
        found = list(made.work(TASKS))
    assert found == [(task, {"twice": 2 * task["row"]}) for task in TASKS]
    assert ray.calls == ["init", "shutdown"]


def test_a_process_starts_with_the_variables_of_its_job(ray):
    with connected(Job("test", double, {"PYTHONHASHSEED": "0"}), "auto"):
        assert ray.options["runtime_env"] == {"env_vars": {"PYTHONHASHSEED": "0"}}


def test_a_job_without_variables_gets_processes_as_they_come(ray):
    with connected(Job("test", double), "auto"):
        assert ray.options["runtime_env"] is None


def test_a_death_is_told_in_the_place_of_the_reply(ray):
    def die(task):
        raise NodeDied("the node is gone\nand so on")

    with connected(Job("test", die), "auto") as made:
        ((_, reply),) = made.work(TASKS[:1])
    assert isinstance(reply, WorkerDied)
    assert str(reply) == "the node is gone"


def test_a_node_that_cannot_start_a_process_is_no_death(ray):
    def refuse(task):
        raise NoStart("no agent there")

    with (
        connected(Job("attack", refuse), "auto") as made,
        pytest.raises(EnvironmentFault, match="attack: a node cannot start our.*: no agent there"),
    ):
        list(made.work(TASKS))


def test_an_error_of_the_work_is_raised_as_it_was(ray):
    def refuse(task):
        raise ValueError("not with me")

    with (
        connected(Job("test", refuse), "auto") as made,
        pytest.raises(ValueError, match="not with me"),
    ):
        list(made.work(TASKS))
    assert ray.cancelled == 1  # the other one that was under way


def test_what_nobody_waits_for_any_more_is_cancelled(ray):
    with connected(Job("test", double), "auto") as made, closing(made.work(TASKS)) as work:
        next(work)
    assert ray.cancelled == 1


def test_whoever_asks_is_named_where_no_node_is_left(ray, monkeypatch):
    monkeypatch.setattr(cluster, "GLANCE_S", 0.0)
    monkeypatch.setattr(cluster, "NOBODY_S", 0.0)
    ray.cores = 0
    with (
        connected(Job("attack", double), "auto") as made,
        pytest.raises(EnvironmentFault, match="attack: the cluster has had no node for 0 s"),
    ):
        list(made.work(TASKS))


def test_looking_whether_somebody_is_there_connects_nobody(ray):
    assert reached("auto") is ray
    assert ray.calls == []


def test_an_address_where_nobody_is_gets_a_clear_error(ray):
    with pytest.raises(EnvironmentFault, match=r"--ray-address 127\.0\.0\.1:1: nobody answers"):
        reached("127.0.0.1:1")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r'pip install "edgecompress\[search\]"'),
        connected(Job("test", double), "auto"),
    ):
        pass
