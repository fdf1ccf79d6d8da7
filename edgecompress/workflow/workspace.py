"""What every verb works with: a store, resources, and somebody who listens."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress.core.progress import Progress
from edgecompress.data.resources import Resources
from edgecompress.store.store import Store

Event = dict[str, Any]


def user_cache() -> Path:
    """The user's cache folder for us: $XDG_CACHE_HOME/edgecompress, else ~/.cache/edgecompress."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "edgecompress"


@dataclass(frozen=True)
class Workspace:
    """The places and the listener of one command."""

    store: Store
    resources: Resources
    progress: Progress
    offline: bool = False
    listen: Callable[[Event], None] = lambda event: None  # for `--json=events`

    @classmethod
    def open(
        cls,
        store: Path | None,
        progress: Progress,
        *,
        offline: bool = False,
        listen: Callable[[Event], None] = lambda event: None,
    ) -> "Workspace":
        """Open the store of a flag, else of EDGECOMPRESS_STORE, else of the user's cache."""
        chosen = store or Path(os.environ.get("EDGECOMPRESS_STORE") or user_cache() / "store")
        cache = Path(os.environ.get("EDGECOMPRESS_CACHE") or user_cache())
        return cls(
            Store(chosen, progress),
            Resources(cache, progress, offline=offline),
            progress,
            offline,
            listen,
        )

    @property
    def threads(self) -> int:
        """Cores this process may use, which on a shared machine are fewer than it has."""
        return len(os.sched_getaffinity(0))
