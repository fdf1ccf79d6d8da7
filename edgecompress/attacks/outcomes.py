"""What an attack did to each row, and how it is kept: one JSON line a row."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from edgecompress.core.texts import Text, text_from_json

FILE = "outcomes.jsonl"

Kind = Literal["skipped", "failed", "succeeded", "reduced", "unattackable"]


@dataclass(frozen=True)
class Outcome:
    """One row after an attack.

    skipped: the answer was wrong before anybody attacked. failed: the right answer survived.
    succeeded: `text` gets another answer. reduced: `text` is what words can be left out to, with
    the answer still right. unattackable: TextAttack cannot work on this text, `note` says why.
    """

    row: int  # among the rows that were drawn
    kind: Kind
    text: Text | None  # as the attack left it, where it succeeded or reduced
    queries: int  # answers the attacker asked for, as TextAttack counts: repeated ones too
    note: str = ""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `as_json` wrote; a pair comes back as a tuple."""
        text = values["text"]
        known = {name: values[name] for name in ("row", "kind", "queries", "note")}
        return cls(text=None if text is None else text_from_json(text), **known)

    def as_json(self) -> dict[str, Any]:
        """JSON values; a pair becomes a list of two."""
        text = list(self.text) if isinstance(self.text, tuple) else self.text
        return {**asdict(self), "text": text}


def write_outcomes(outcomes: Iterable[Outcome], folder: Path) -> None:
    """All rows in their order, so that equal outcomes are equal bytes."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.row)
    lines = [json.dumps(o.as_json(), ensure_ascii=False, sort_keys=True) + "\n" for o in ordered]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


def read_outcomes(folder: Path) -> tuple[Outcome, ...]:
    """As they were written."""
    lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    return tuple(Outcome.from_json(json.loads(line)) for line in lines)
