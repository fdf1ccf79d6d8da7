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
        assert (damaged := store.verify()) == [], damaged
        assert (drafts := sorted((self.root / "drafts").iterdir())) == [], drafts
        now = {entry.key: entry.digest for entry in store.entries()}
        lost = self.sealed.items() - now.items()
        assert lost == set(), f"was sealed, and is gone or changed: {lost}"
        runs = {path.stem for path in (self.root / "runs").glob("*.jsonl")}
        events = [event for run in runs - self.runs for event in store.journal(run).events()]
        again = [e for e in events if e["event"] == "stage-started" and e["key"] in self.sealed]
        assert again == [], f"was sealed, and is made once more: {again}"
        self.sealed, self.runs = now, runs
