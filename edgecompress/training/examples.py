"""Texts that fooled a model: what an `adversarial-examples` stage finds, and later stages learn.

FOLDER/
  examples.json   of which rows of `train`, and each text with the row that it was
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edgecompress.core.case import IntArray
from edgecompress.core.errors import IntegrityError
from edgecompress.core.texts import Text, TextSet, text_from_json
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.batches import TokenRows

FILE: Final = "examples.json"


@dataclass(frozen=True)
class Example:
    """One text that changed a right answer."""

    row: int  # of `train`: the text that it was
    text: Text
    attack: str


def save_examples(found: Sequence[Example], texts: TextSet, folder: Path) -> None:
    """Write them into an empty folder."""
    told = {"texts": texts.digest, "examples": [asdict(example) for example in found]}
    words = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / FILE).write_text(words + "\n", encoding="utf-8")


def load_examples(folder: Path, texts: TextSet) -> list[Example]:
    """Those of exactly these texts.

    Raises:
        IntegrityError: they were made of other rows.
    """
    told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if told["texts"] != texts.digest:
        raise IntegrityError(f"{folder}: was made of other rows than data.{texts.name}")
    return [_read(**values) for values in told["examples"]]


def _read(row: int, text: str | list[str], attack: str) -> Example:
    return Example(row, text_from_json(text), attack)


def with_examples(
    rows: TokenRows, found: Sequence[Example], reads: TextEncoder
) -> tuple[TokenRows, IntArray]:
    """The rows and these texts behind them, and for each of both the row that speaks for it.

    Whatever is known of a row, its label and what the teacher says of it, holds for the text that
    an attacker made of it as well: that is what a sturdy student should answer.
    """
    speaks = np.array([*range(len(rows)), *(example.row for example in found)], np.int64)
    encoded = [*rows.encoded, *reads.encode([example.text for example in found])]
    origins = [rows.origins[row] for row in speaks]
    return TokenRows(encoded, rows.labels[speaks], origins, rows.pad_id), speaks
