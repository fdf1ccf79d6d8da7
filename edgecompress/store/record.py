"""The journal of a run: one JSON line for each event, on the disk before the run goes on."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgecompress.store.faults import storage_faults
from edgecompress.store.keys import canonical_json


@dataclass(frozen=True)
class Journal:
    """What one run did, in order; it survives the run, however the run ends."""

    path: Path

    def write(self, event: str, **facts: Any) -> dict[str, Any]:
        """Append `event` with the time and its facts, JSON values only, and wait for the disk.

        Returns what was written.

        Raises:
            EnvironmentFault: the disk is full, or cannot be written to.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"at": now, "event": event, **facts}
        line = canonical_json(told) + "\n"
        with storage_faults(self.path), self.path.open("a+b") as file:
            file.write(b"\n" * self._ends_torn() + line.encode())
            file.flush()
            os.fsync(file.fileno())
        return told

    def events(self) -> list[dict[str, Any]]:
        """Every event that was written whole; a line torn by a kill is passed over."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().splitlines()
        return [event for line in lines if (event := _event(line)) is not None]

    def _ends_torn(self) -> bool:
        if not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
