"""Simulated nodes keep the rules of real ones; expected seconds are counted by hand."""

from typing import Any

import pytest

from benchmarks.search_simulation import Scenario, markdown, search, told
from benchmarks.search_table import marks
from benchmarks.simulated_nodes import SimulatedNodes, World
from edgecompress.core.pool import WorkerDied
from edgecompress.search.growth import Box

HOUR_S = 3600


def nodes(failures: dict[int, list[float]] | None = None, **world: Any) -> SimulatedNodes:
    """Tasks take as long as they say; a node lives for as many seconds as is told of it."""
    asked = {"cores": 1, "hours_between_failures": None, "start_s": 0.0} | world
    made = SimulatedNodes(World(**asked), lambda task: task["s"], lambda task, s: {"seconds": s})
    for number, seconds in (failures or {}).items():
        node = made._nodes[number]
        node.failures = iter(seconds)
        made._fail_later(number, node)
    return made


def done(made: SimulatedNodes, *seconds: float) -> list[tuple[float, Any]]:
    """When each task was done, and its reply."""
    asked = [{"s": s} for s in seconds]
    return [(made.now_s, reply) for _, reply in made.work(asked)]


def test_a_core_takes_the_next_task_as_soon_as_it_is_free():
    made = nodes(nodes=2)
    # the first core: 30; the second: 10, 10, 20
    assert [when for when, _ in done(made, 30, 10, 10, 20)] == [10, 20, 30, 40]
    made.close()
    assert made.spent.useful == 70
    assert made.spent.paid == 80  # so 10 of 80 are idle


def test_nobody_begins_the_next_tasks_before_all_are_done():
    made = nodes(nodes=2)
    done(made, 30, 10)
    assert [when for when, _ in done(made, 5, 5)] == [35, 35]


def test_each_core_starts_its_process_once():
    made = nodes(nodes=1, cores=2, start_s=7.0)
    assert [when for when, _ in done(made, 10, 10, 10)] == [17, 17, 27]
    assert made.spent.starting == 14


def test_what_a_node_takes_with_it_is_done_by_another_before_what_is_left():
    made = nodes({0: [15]}, nodes=2, noticed_s=3, away_s=HOUR_S)
    # lost at 15, noticed at 18; the other core is free at 20 and takes it before the last one
    found = done(made, 16, 20, 10)
    assert [when for when, _ in found] == [20, 36, 46]
    assert made.spent.tries_lost == 1
    assert made.spent.lost == 15
    made.close()
    assert made.spent.paid == 15 + 46  # nobody pays for a node that is away


def test_what_is_lost_with_two_nodes_is_given_up():
    made = nodes({0: [5, 5]}, nodes=1, noticed_s=1, away_s=10)
    # lost at 5; back at 15, begun again, lost at 20, noticed at 21
    ((when, reply),) = done(made, 30)
    assert when == 21
    assert isinstance(reply, WorkerDied)
    assert made.spent.given_up == 1


def test_a_node_that_comes_back_works_and_starts_its_process_anew():
    made = nodes({0: [5]}, nodes=1, noticed_s=1, away_s=10, start_s=2.0)
    assert [when for when, _ in done(made, 4)] == [21]  # 5, then 10 away, 2 to start, 4 of work
    assert made.spent.lost == 5  # 2 of start and 3 of work


def test_slow_nodes_take_twice_as_long():
    made = nodes(nodes=2, slow_nodes=0.5)
    assert sorted(when for when, _ in done(made, 10, 10)) == [10, 20]


@pytest.fixture(scope="module")
def searched() -> dict[float | None, Any]:
    worlds = {hours: World(8, hours_between_failures=hours) for hours in (None, 1.0)}
    return {hours: search(Scenario(world, 16), 120, 600.0) for hours, world in worlds.items()}


def test_nodes_that_fail_cost_time_and_change_no_student(searched):
    (calm, quiet), (course, nodes) = searched[None], searched[1.0]
    assert nodes.spent.tries_lost > 0
    assert nodes.spent.given_up == 0
    assert nodes.now_s > quiet.now_s
    assert [one.found for one in course.students] == [one.found for one in calm.students]


def test_paid_time_is_work_loss_start_and_idleness(searched):
    course, nodes = searched[1.0]
    found = told(course, nodes, Box.around([course]))
    assert 0 < found["idle_share"] < 1
    assert found["evaluations"] == 2 * 6 + 114 + 57 + 0  # elites' two rungs, trained, attacked
    assert found["node_hours"] <= 8 * found["hours"]


def test_the_page_has_the_section(repository):
    text = (repository / "docs/how-to/large-searches.md").read_text()
    begin, end = marks("search-simulation")
    assert text.count(begin) == text.count(end) == 1
    assert markdown([]).splitlines()[0] in text
