"""A Ray of this process alone: tasks are done when their replies are asked for, one by one."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any


class NodeDied(Exception):
    """What Ray says of a task whose node has gone twice."""


class NoStart(Exception):
    """What Ray says where a process cannot be started with its variables."""


class WorkFailed(Exception):
    """What Ray makes of an error of the work itself."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


class FakeRay:
    """As much of the module as `core.cluster` looks at."""

    exceptions = SimpleNamespace(
        WorkerCrashedError=NodeDied,
        NodeDiedError=NodeDied,
        OutOfMemoryError=NodeDied,
        RuntimeEnvSetupError=NoStart,
        RayTaskError=WorkFailed,
    )

    def __init__(self, cores: int = 2) -> None:
        self.cores = cores
        self.options: dict[str, Any] = {}  # of the last job
        self.cancelled = 0
        self.calls: list[str] = []  # "init" and "shutdown", in their order

    def init(self, **settings: Any) -> None:
        self.calls.append("init")

    def shutdown(self) -> None:
        self.calls.append("shutdown")

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cores)} if self.cores else {}

    def remote(self, **options: Any) -> Callable[[Any], SimpleNamespace]:
        self.options = options
        return lambda work: SimpleNamespace(remote=lambda task: partial(work, task))

    def wait(self, references: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return references[:1], references[1:]

    def get(self, reference: Callable[[], Any]) -> Any:
        try:
            return reference()
        except (NodeDied, NoStart):
            raise
        except Exception as error:
            raise WorkFailed(error) from error

    def cancel(self, reference: Any, force: bool) -> None:
        self.cancelled += 1
