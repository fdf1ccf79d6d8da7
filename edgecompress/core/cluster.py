"""Tasks done by a Ray cluster: one core each, wherever one is free.

What a task says is all that its reply hangs on, so nodes may come and go. Every node must see what
tasks name, such as the store and the cache, at the same paths, and have the same packages.
"""

import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from edgecompress.core.errors import EnvironmentFault, MissingExtra
from edgecompress.core.pool import TRIES, Done, Reply, Task, WorkerDied

GLANCE_S: Final = 1.0  # between looks at how many cores there are
ANSWER_S: Final = 10.0  # until a head must have taken a connection
NOBODY_S: Final = 60.0  # without a core in the whole cluster, until the work is given up


@dataclass(frozen=True)
class Job:
    """What a cluster is there for."""

    who: str  # asks, as errors call them: "search", "attack"
    work: Callable[[Task], Reply]  # does one task, in a process of any node
    environment: Mapping[str, str] = field(default_factory=dict)  # of that process, over its node's


class Cluster:
    """Whoever is in the cluster right now; Ray must be connected."""

    def __init__(self, ray: Any, job: Job) -> None:
        """Hire, without starting anybody.

        Args:
            ray: the module.
            job: a process that has done a task gets the next one, with all that it has loaded.
        """
        self._ray, self._who = ray, job.who
        started = {"env_vars": dict(job.environment)} if job.environment else None
        hire = ray.remote(num_cpus=1, max_retries=TRIES - 1, runtime_env=started)
        self._remote = hire(job.work)

    @property
    def workers(self) -> int:
        """Cores of all nodes that are alive."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        """Every task with its reply, in the order in which they are done.

        A task whose process or node dies is tried once more elsewhere.

        Raises:
            EnvironmentFault: for a minute no node has been there, or one cannot start a process.
        """
        left, under_way, alone_s = deque(tasks), dict[Any, Task](), 0.0
        try:
            while left or under_way:
                workers = self.workers
                while left and len(under_way) < workers:
                    task = left.popleft()
                    under_way[self._remote.remote(task)] = task
                done = self._glance(list(under_way))
                for reference in done:
                    yield under_way.pop(reference), self._reply(reference)
                alone_s = 0.0 if done or workers else alone_s + GLANCE_S
                if alone_s >= NOBODY_S:
                    raise EnvironmentFault(
                        f"{self._who}: the cluster has had no node for {NOBODY_S:.0f} s; start "
                        "one, and run the same command again"
                    )
        finally:
            for reference in under_way:
                self._ray.cancel(reference, force=True)

    def _glance(self, under_way: list[Any]) -> list[Any]:
        if not under_way:
            time.sleep(GLANCE_S)
            return []
        done: list[Any] = self._ray.wait(under_way, timeout=GLANCE_S)[0]
        return done

    def _reply(self, reference: Any) -> Reply | WorkerDied:
        errors = self._ray.exceptions
        try:
            reply: Reply = self._ray.get(reference)
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as death:
            return WorkerDied(str(death).strip().splitlines()[0])
        except errors.RuntimeEnvSetupError as error:
            raise EnvironmentFault(
                f"{self._who}: a node cannot start our processes: {str(error).strip()}"
            ) from error
        except errors.RayTaskError as error:
            raise error.cause from error
        return reply


@contextmanager
def connected(job: Job, address: str) -> Iterator[Cluster]:
    """A cluster for the length of a block, after which none of its processes works for us.

    Args:
        job: what it is there for.
        address: of its head, "HOST:PORT"; "auto" finds the one that this machine is in, "local"
            starts one on it.

    Raises:
        MissingExtra: Ray is not installed.
        EnvironmentFault: nobody answers there.
    """
    ray = reached(address)
    with redirect_stdout(sys.stderr):  # Ray tells of lost nodes on stdout, which is for results
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise EnvironmentFault(f"--ray-address {address}: {error}") from error
        try:
            yield Cluster(ray, job)
        finally:
            ray.shutdown()


def reached(address: str) -> Any:
    """Ray's module, once it is certain that somebody listens at the address; raises as `connected`.

    Nothing is connected yet: this is for whoever needs the cluster only in some hours.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of each run
    try:
        ray = import_module("ray")
    except ModuleNotFoundError as error:
        raise MissingExtra.of("a cluster", "ray", "search") from error
    _require_answer(address)
    return ray


def _require_answer(address: str) -> None:
    """Refuse a head that nobody listens at; Ray itself would go on trying for minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise EnvironmentFault(
            f"--ray-address {address}: nobody answers there ({error}); start a head by "
            "`ray start --head`, or give the address that it printed"
        ) from error
