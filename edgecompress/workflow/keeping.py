"""What checks and stage tables have found, and what teachers have answered, kept in the store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Case, Make
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.keys import library_versions, step_key
from edgecompress.store.store import Store

FILE = "findings.json"
ANSWERS = "logits.npy"
VERSION: Final = 1  # of answers; raise when a model would be asked otherwise
ANSWERED_BY: Final = ("torch", "numpy")


def save_findings(
    found: Sequence[Finding], key: str, parents: tuple[str, ...], store: Store
) -> tuple[Finding, ...]:
    """Seal them in the store."""
    with store.lock(key), store.draft(key) as draft:
        rows = [{"type": type(one).__name__, **asdict(one)} for one in found]
        text = json.dumps(rows, indent=1, allow_nan=False)
        (draft / FILE).write_text(text, encoding="utf-8")
        return load_findings(store.seal(draft, key, "findings", parents, {}))


def load_findings(sealed: Artifact) -> tuple[Finding, ...]:
    """Read them back."""
    rows = json.loads((sealed.path / FILE).read_text(encoding="utf-8"))
    kinds: dict[str, type[Measurement] | type[Refused] | type[Exhibit]] = {
        "Measurement": Measurement,
        "Refused": Refused,
        "Exhibit": Exhibit,
    }
    return tuple(kinds[row.pop("type")](**row) for row in rows)


class Keeper:
    """Keeps in a store what is dear to make; see `core.case.Keep`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(self, asked: Mapping[str, Any], make: Make) -> Path:
        """The sealed folder of what was asked for; a killed try goes on where it was."""
        key = step_key(asked)
        with self.store.lock(key):
            if found := self.store.find(key):
                return found.path
            with self.store.draft(key) as draft:
                make(draft, self.store.scratch(key))
                return self.store.seal(draft, key, str(asked["kind"]), (), {}).path


def recall_teacher(case: Case, role: str) -> None:
    """Let its teacher's answers to a role be known: those in the store, or for the store."""
    who = case.teacher
    if (who.digest, role) in case.known:
        return
    asked = {
        "kind": "answers",
        "version": VERSION,
        "inputs": [who.digest, case.data[role].digest],
        "machine": fingerprint(),
        "libraries": library_versions(ANSWERED_BY),
    }

    def make(draft: Path, _: Path) -> None:
        np.save(draft / ANSWERS, case.answers(who, role))

    case.known[(who.digest, role)] = np.load(case.keep(asked, make) / ANSWERS)
