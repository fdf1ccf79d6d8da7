"""What every verb works with: a store, resources, and somebody who listens."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress.core.progress import Progress
from edgecompress.core.ranks import ALONE, Ranks
from edgecompress.data.resources import Resources
from edgecompress.store.store import Store
from edgecompress.workflow.places import cache_folder, store_folder

Event = dict[str, Any]


def unheard(event: Event) -> None:
    """Listen to nothing."""


def cached_resources(progress: Progress, *, offline: bool) -> Resources:
    """The resources of this user."""
    return Resources(cache_folder(), progress, offline=offline)


@dataclass(frozen=True)
class Workspace:
    """The places and the listener of one command."""

    store: Store
    resources: Resources
    progress: Progress
    offline: bool = False
    listen: Callable[[Event], None] = unheard  # for `--json=events`
    most_threads: int | None = None  # where other processes of ours use the other cores
    ranks: Ranks = ALONE  # the processes that make one recipe together
    ray_address: str | None = None  # of a cluster that attacks for the gate

    @classmethod
    def open(
        cls,
        store: Path | None,
        progress: Progress,
        *,
        offline: bool = False,
        wait_s: float = 3600.0,
        listen: Callable[[Event], None] = unheard,
    ) -> "Workspace":
        """Open the store of a flag, else of EDGECOMPRESS_STORE, else of the user's cache."""
        return cls(
            Store(store_folder(store), progress, wait_s=wait_s),
            cached_resources(progress, offline=offline),
            progress,
            offline,
            listen,
        )

    @property
    def threads(self) -> int:
        """Cores this process may use, which on a shared machine are fewer than it has."""
        here = len(os.sched_getaffinity(0))
        return here if self.most_threads is None else min(here, self.most_threads)
