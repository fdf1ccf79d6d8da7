"""What was asked, kept beside what came out, so that a later question can be compared with it.

An object is found by a key, which is a hash and tells nothing. The question lies in the object's
folder, outside of its files; that it is the right one shows in its hash, which must be the key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress.store.keys import canonical_json, step_key
from edgecompress.store.sealing import write_durably

ASKED = "asked.json"


@dataclass(frozen=True)
class Question:
    """What a step's key is made of."""

    parts: Mapping[str, Any]
    roles: tuple[str, ...]  # of the rows whose digests end `parts["inputs"]`

    @property
    def key(self) -> str:
        """The store's name for the answer."""
        return step_key(self.parts)

    def write(self, draft: Path) -> None:
        """Keep it with the object that is being made in `draft`, which is not sealed yet."""
        told = {"asked": dict(self.parts), "roles": list(self.roles)}
        write_durably(draft.parent / ASKED, canonical_json(told))


def read_question(folder: Path) -> Question | None:
    """The question that the object in `folder` answers; None where it was not kept."""
    try:
        found = json.loads((folder / ASKED).read_text(encoding="utf-8"))
        question = Question(found["asked"], tuple(found["roles"]))
        return question if question.key == folder.name else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def questions(folders: Sequence[Path], kind: str) -> list[Question]:
    """Those that were kept about steps of this kind, in the order of `folders`."""
    kept = map(read_question, folders)
    return [question for question in kept if question and question.parts.get("kind") == kind]
