"""What the runs on one store may never do to it, looked at after each of them."""

from pathlib import Path

from edgecompress.core.progress import Silent
from edgecompress.store.store import Store


class History:
    """All that was sealed on a store, which no later run may lose, change or make again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sealed: dict[str, str] = {}  # key -> digest
        self.runs: set[str] = set()

    def go_on(self) -> None:
        """Look at what the last runs have left, all of which have ended."""
        store = Store(self.root, Silent())
        assert store.verify() == []
        assert sorted((self.root / "drafts").iterdir()) == []
        now = {entry.key: entry.digest for entry in store.entries()}
        assert self.sealed.items() - now.items() == set()
        runs = {path.stem for path in (self.root / "runs").glob("*.jsonl")}
        for run in runs - self.runs:
            events = store.journal(run).events()
            started = {e["key"] for e in events if e["event"] == "stage-started"}
            assert started & self.sealed.keys() == set()
        self.sealed, self.runs = now, runs
