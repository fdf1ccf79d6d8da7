"""Nodes that exist in numbers alone: they do the tasks of a search, fail, and come back.

Events happen in the order of a clock that nobody waits for. Tasks are handed out as Ray hands out
those of core/cluster.py: in their order, one to each core, as soon as a core is free. What a node
takes with it when it fails is tried once more, before all that has not begun, as soon as its
absence is noticed; what has gone twice is told as a death. A core starts its process anew once its
node is back. A node draws its failures, and a task its length, from streams of their own, so that
worlds that differ in one figure differ in nothing else.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

from edgecompress.core.pool import TRIES, Done, Reply, Task, WorkerDied

HOUR_S = 3600.0


@dataclass(frozen=True)
class World:
    """What is assumed of the nodes."""

    nodes: int
    cores: int = 2  # of each node; one student each
    hours_between_failures: float | None = 24.0  # of one node in the mean; None: it never fails
    away_s: float = 600.0  # until a node that failed is back
    noticed_s: float = 20.0  # until its absence is; Ray asks every 3 s and gives up after 5 times
    start_s: float = 15.0  # of a process, until its first student
    slow_nodes: float = 0.0  # share of the nodes that take twice as long
    seed: int = 0


@dataclass
class Node:
    """One of them."""

    failures: Iterator[float]  # seconds up until each
    slowness: float
    up: bool = True
    life: int = 0  # how often it has failed
    since_s: float = 0.0  # of its last return


@dataclass
class Try:
    """A task, and how often it was begun."""

    task: Task
    begun: int = 0


@dataclass(frozen=True)
class Core:
    """A place for one student, for as long as its node lives."""

    node: int
    number: int
    life: int
    warm: bool = False  # whether its process has started


@dataclass
class Spent:
    """Seconds of cores, but for `paid`, which are of nodes."""

    useful: float = 0.0
    lost: float = 0.0  # with nodes that failed at work
    starting: float = 0.0
    paid: float = 0.0
    tries_lost: int = 0
    given_up: int = 0  # tasks that were lost with two nodes


@dataclass
class SimulatedNodes:
    """An executor for `Evaluations`."""

    world: World
    length_s: Callable[[Task], float]
    answer: Callable[[Task, float], Reply]  # of a task that took so many seconds
    now_s: float = 0.0
    spent: Spent = field(default_factory=Spent)

    def __post_init__(self) -> None:
        world = self.world
        order = random.Random(f"{world.seed}/slow").sample(range(world.nodes), world.nodes)
        slow = set(order[: round(world.slow_nodes * world.nodes)])
        self._nodes = [
            Node(_failures(world, one), 2.0 if one in slow else 1.0) for one in range(world.nodes)
        ]
        self._free = deque(
            Core(one, core, 0) for core in range(world.cores) for one in range(world.nodes)
        )
        self._queue = deque[Try]()
        self._busy = dict[Core, tuple[Try, float]]()  # with the second of their beginning
        self._events: list[tuple[float, int, Callable[[], Done | None]]] = []
        self._numbers = count()
        for one, node in enumerate(self._nodes):
            self._fail_later(one, node)

    @property
    def workers(self) -> int:
        """Cores of the nodes that are up."""
        return self.world.cores * sum(node.up for node in self._nodes)

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        """Every task with its reply, in the order in which they are done."""
        self._queue.extend(Try(task) for task in tasks)
        left = len(tasks)
        while left:
            self._hand_out()
            self.now_s, _, happen = heapq.heappop(self._events)
            if done := happen():
                left -= 1
                yield done

    def close(self) -> None:
        """Give the nodes back; they are paid until now."""
        self.spent.paid += sum(self.now_s - node.since_s for node in self._nodes if node.up)

    def _later(self, seconds: float, happen: Callable[[], Done | None]) -> None:
        heapq.heappush(self._events, (self.now_s + seconds, next(self._numbers), happen))

    def _hand_out(self) -> None:
        while self._queue and self._free:
            core = self._free.popleft()
            node = self._nodes[core.node]
            if node.life != core.life:
                continue  # it went with its node, which has new ones
            one = self._queue.popleft()
            one.begun += 1
            self._busy[core] = one, self.now_s
            start_s = 0.0 if core.warm else self.world.start_s
            length_s = start_s + node.slowness * self.length_s(one.task)
            self._later(length_s, partial(self._finish, core, start_s))

    def _finish(self, core: Core, start_s: float) -> Done | None:
        if core not in self._busy:
            return None  # its node has failed meanwhile
        one, began_s = self._busy.pop(core)
        took_s = self.now_s - began_s - start_s
        self.spent.useful += took_s
        self.spent.starting += start_s
        self._free.append(replace(core, warm=True))
        return one.task, self.answer(one.task, took_s)

    def _fail_later(self, number: int, node: Node) -> None:
        if (seconds := next(node.failures, None)) is not None:
            self._later(seconds, partial(self._fail, number, node))

    def _fail(self, number: int, node: Node) -> None:
        node.up, node.life = False, node.life + 1
        self.spent.paid += self.now_s - node.since_s
        for core in [core for core in self._busy if core.node == number]:
            one, began_s = self._busy.pop(core)
            self.spent.lost += self.now_s - began_s
            self.spent.tries_lost += 1
            self._later(self.world.noticed_s, partial(self._try_again, one))
        self._later(self.world.away_s, partial(self._return, number, node))

    def _return(self, number: int, node: Node) -> None:
        node.up, node.since_s = True, self.now_s
        self._free.extend(Core(number, core, node.life) for core in range(self.world.cores))
        self._fail_later(number, node)

    def _try_again(self, one: Try) -> Done | None:
        if one.begun < TRIES:
            self._queue.appendleft(one)
            return None
        self.spent.given_up += 1
        return one.task, WorkerDied("its node was lost")


def _failures(world: World, node: int) -> Iterator[float]:
    """Seconds of life after each return; as many as anybody asks for."""
    if world.hours_between_failures is None:
        return
    stream = random.Random(f"{world.seed}/failures/{node}")
    while True:
        yield stream.expovariate(1 / (HOUR_S * world.hours_between_failures))
