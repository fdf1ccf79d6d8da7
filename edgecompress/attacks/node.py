"""One text attacked by a process of a Ray cluster, as a worker of this machine would do it.

Ray starts the process with the variables of `offline.py`, and gives it one text after another.
"""

import atexit
import shutil
import socket
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from edgecompress import __version__
from edgecompress.attacks.method import LIBRARIES
from edgecompress.attacks.offline import prepare
from edgecompress.core.errors import EnvironmentFault
from edgecompress.core.pool import Reply, Task
from edgecompress.runtime.machine import processor
from edgecompress.store.keys import library_versions


@cache
def conditions() -> dict[str, str]:
    """What outcomes hang on beside their tasks, by name; equal on this machine and on all nodes."""
    return {
        "processor": processor(),
        "edgecompress": __version__,
        **library_versions(LIBRARIES),
    }


def attacked(task: Task) -> Reply:
    """The outcome of one task, as JSON values.

    Raises:
        EnvironmentFault: conditions here are not those of whoever asks, so answers may differ.
    """
    here = conditions()
    for what, asked in task["conditions"].items():
        if here[what] != asked:
            raise EnvironmentFault(
                f"attack: node {socket.gethostname()} has {what} {here[what]}, this machine has "
                f"{asked}, so its answers may differ; take the node out of the cluster, or make "
                "them equal, and run the same command again"
            )
    outcome: Reply = _worker().attacked(task).as_json()
    return outcome


@cache
def _worker() -> Any:
    """The worker's module, with TextAttack; models that it has loaded stay for the next text."""
    folder = tempfile.mkdtemp(prefix="edgecompress-attacks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepare(Path(folder))
    worker = import_module("edgecompress.attacks.worker")
    worker.settle()
    return worker
