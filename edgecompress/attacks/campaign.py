"""One attack on one model over many rows: made once, resumable, and kept."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from edgecompress.attacks.crew import Crew
from edgecompress.attacks.method import LIBRARIES, Method, Target, seed_of
from edgecompress.attacks.outcomes import Outcome, read_outcomes, write_outcomes
from edgecompress.core.case import Keep
from edgecompress.core.pool import Task
from edgecompress.core.progress import Progress
from edgecompress.core.texts import Text
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.keys import library_versions
from edgecompress.store.record import Journal

VERSION: Final = 1  # raise when the same attack would end otherwise

Row = tuple[Text, int]  # a text and its label


@dataclass(frozen=True)
class Campaign:
    """Rows to attack, who attacks them, and where the outcomes are kept."""

    rows: tuple[Row, ...]
    seed: int
    crew: Crew
    keep: Keep
    progress: Progress

    def outcomes(self, method: Method, target: Target) -> tuple[Outcome, ...]:
        """One for each row, in order; found where the same was asked before.

        Neither who works nor the order in which they finish changes them.

        Raises:
            MeasureError: a text that kills whoever attacks it.
        """
        asked = {
            "kind": "attack-outcomes",
            "version": VERSION,
            "method": method.asked(),
            "model": [target.digest, *target.order],
            "rows": self.rows,
            "seed": self.seed,
            "machine": fingerprint(),
            "libraries": library_versions(LIBRARIES),
        }
        return read_outcomes(self.keep(asked, partial(self._make, method, target)))

    def _make(self, method: Method, target: Target, draft: Path, scratch: Path) -> None:
        """Go on where a killed try was: its journal names the rows that are done."""
        journal = Journal(scratch / "journal.jsonl")
        known = {o.row: o for o in map(Outcome.from_json, journal.events())}
        what = f"{method.name} on the {target.name}"
        began = time.monotonic()
        with self.progress.track(what, len(self.rows), "texts") as bar:
            bar.advance(len(known))
            new = []
            for reply in self.crew.work(list(self._tasks(method, target, known.keys()))):
                journal.write("attacked", **reply)
                new.append(Outcome.from_json(reply))
                bar.advance()
        write_outcomes([*known.values(), *new], draft)
        self._tell(what, new, time.monotonic() - began)

    def _tasks(self, method: Method, target: Target, done: Iterable[int]) -> Iterable[Task]:
        told: dict[str, Any] = {
            "method": method.told(),
            "target": target.told(),
        }
        for row, (text, label) in enumerate(self.rows):
            if row not in done:
                seed = seed_of(self.seed, method, text)
                yield {**told, "row": row, "text": text, "label": label, "seed": seed}

    def _tell(self, what: str, new: list[Outcome], seconds: float) -> None:
        queries = sum(outcome.queries for outcome in new)
        ended = ", ".join(
            f"{kind} {count}"
            for kind in ("skipped", "failed", "succeeded", "reduced", "unattackable")
            if (count := sum(outcome.kind == kind for outcome in new))
        )
        self.progress.say(
            f"{what}: {len(new)} texts ({ended or 'all known'}), {queries:,} queries in "
            f"{seconds:.1f} s, {queries / max(seconds, 1e-9):,.0f} a second"
        )
