"""More texts for a teacher to answer: those of `train` with words replaced."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.core.errors import StageError
from edgecompress.core.texts import UNLABELLED, Text, TextSet, text_from_json
from edgecompress.data.changed_texts import Augmentation, Change, Proposer, changed_texts
from edgecompress.recipe.learning import Augment
from edgecompress.store.keys import canonical_json
from edgecompress.store.sealing import write_durably
from edgecompress.training.proposals import MaskedWords, NearWords
from edgecompress.training.teaching import Classroom, Pair

EXAMPLES = 3


def augment(asked: Augment, masked: Path | None, pair: Pair, room: Classroom) -> list[Change]:
    """Change texts of `train`, or take what an earlier run of this stage has made.

    Args:
        asked: how many texts, and how they are changed.
        masked: folder of the masked language model that proposes words; None asks the word table
            of the teacher.
        pair: who learns from whom.
        room: its texts stay as they are; see `with_changes`.

    Raises:
        IntegrityError: the folder holds no masked language model.
        StageError: not one text could be changed.
    """
    kept, train = room.scratch / "changed-texts.json", room.data["train"]
    if not kept.is_file():
        others = [texts for role, texts in room.data.items() if role != "train"]
        how = Augmentation(asked, _proposer(masked, pair), room.seed)
        made = changed_texts(train, others, how, room.progress)
        if not made:
            raise StageError(
                "augment: not one word of train has another to stand for it; it takes texts of "
                "words with spaces between them, and whole words among the tokenizer's pieces"
            )
        if len(made) < asked.rows:
            room.progress.warn(
                f"augment: {asked.rows:,} texts were asked for, {len(made):,} could be made"
            )
        write_durably(kept, json.dumps([[change.row, change.text] for change in made]))
    read = json.loads(kept.read_text(encoding="utf-8"))
    return [Change(row, text_from_json(text)) for row, text in read]


def with_changes(made: Sequence[Change], data: Mapping[str, TextSet]) -> TextSet:
    """The `transfer` texts, where there are any, and the changed ones behind them."""
    train, transfer = data["train"], data.get("transfer")
    texts = (*(transfer.texts if transfer else ()), *(change.text for change in made))
    origins = (f"{train.origins[change.row]}, changed" for change in made)
    return TextSet(
        "transfer",
        texts,
        np.full(len(texts), UNLABELLED, np.int64),
        (*(transfer.origins if transfer else ()), *origins),
        hashlib.sha256(canonical_json(texts).encode()).hexdigest(),
    )


def told_of(made: Sequence[Change], train: TextSet) -> dict[str, Any]:
    """What the report says of the changed texts."""
    shown = [[_line(train.texts[change.row]), _line(change.text)] for change in made[:EXAMPLES]]
    return {"texts": len(made), "examples": shown}


def _line(text: Text) -> str:
    return text if isinstance(text, str) else " | ".join(text)


def _proposer(masked: Path | None, pair: Pair) -> Proposer:
    if masked is not None:
        return MaskedWords(masked, pair.student_reads.max_length)
    return NearWords(pair.teacher, pair.teacher_reads)
