"""Golden answers: texts with the ids and logits that the sealed model gave, to prove a port by.

Token ids must be equal. Logits may move a little: another CPU rounds 8-bit activations at other
places. They may not move as far as another model would.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from edgecompress.runtime.bundle import META
from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import Text

FILE = f"{META}/golden.jsonl"

# Root mean square change of the logits, as a share of how much they vary between the texts. Seen on
# int8 models of 3 and 6 layers, 400 texts: 0.002 to 0.02 on a CPU without VNNI (Haswell, emulated),
# 0.12 to 0.23 there when 8-bit products may saturate; 1.4 is what unrelated models give.
MOST_DRIFT = 0.1
MOST_ANSWERS = 10_000  # more are no test but a burden
LEAST_SPREAD = 0.1  # logits that hardly vary are compared as if they varied by so much


class GoldenAnswer(TypedDict):
    """One line of the file."""

    text: str
    text_pair: str | None
    ids: list[int]
    logits: list[float]


@dataclass(frozen=True)
class GoldenCheck:
    """How far a model's answers lie from the golden ones."""

    texts: int
    other_ids: int  # texts that were tokenized otherwise
    other_labels: int  # texts that got another label; within the drift, only near-ties can
    max_abs: float  # largest change of a logit
    drift: float  # root mean square change over the spread of the golden logits

    @property
    def holds(self) -> bool:
        """Whether this can be the model that was sealed, on another CPU at most."""
        return self.other_ids == 0 and self.drift <= MOST_DRIFT

    def __str__(self) -> str:
        return (
            f"{self.texts} golden texts: {self.other_ids} tokenized otherwise, {self.other_labels} "
            f"with another label, logits moved by {self.max_abs:.4g} at most; "
            f"drift {self.drift:.4f}, allowed {MOST_DRIFT}"
        )


def write_golden(folder: Path, texts: Sequence[Text]) -> None:
    """Answer `texts` with the model in `folder`, and write them into it; seal it afterwards.

    Raises:
        InputError: there are no texts.
        IntegrityError: the folder holds no model, or one whose answers are not numbers.
    """
    if not texts:
        raise InputError(f"{folder}: golden answers need at least one text")
    model = EdgeModel.load(folder, verify=False)
    logits = model.logits(texts)
    if not np.isfinite(logits).all():
        raise IntegrityError(f"{model.file}: an answer to a golden text is not a number")
    encoded = model.encoder.encode(texts)
    lines = [
        json.dumps({**_named(text), "ids": read.ids, "logits": row})
        for text, read, row in zip(texts, encoded, logits.tolist(), strict=True)
    ]
    (folder / META).mkdir(exist_ok=True)
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_golden(folder: Path) -> list[GoldenAnswer]:
    """The golden answers of a bundle.

    Raises:
        IntegrityError: there are none, or a line is broken.
    """
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        answers = [_answer(json.loads(line)) for line in lines]
    except FileNotFoundError:
        raise IntegrityError(f"{path}: missing; nothing to compare answers with") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(f"{path}: a line is not a golden answer: {error!r}") from error
    if not answers:
        raise IntegrityError(f"{path}: empty")
    if len(answers) > MOST_ANSWERS:
        raise IntegrityError(f"{path}: more than {MOST_ANSWERS:,} answers")
    return answers


def golden_text(answer: GoldenAnswer) -> Text:
    """The text of a line, as a model takes it."""
    pair = answer["text_pair"]
    return answer["text"] if pair is None else (answer["text"], pair)


def check_golden(model: EdgeModel, answers: Sequence[GoldenAnswer]) -> GoldenCheck:
    """Answer the golden texts again, and compare.

    Raises:
        IntegrityError: the answers are about another number of labels.
    """
    texts = [golden_text(answer) for answer in answers]
    golden = np.array([answer["logits"] for answer in answers], dtype=np.float64)
    if golden.shape != (len(texts), len(model.labels)):
        raise IntegrityError(f"{FILE}: its logits are not about {len(model.labels)} labels")
    ours = model.logits(texts).astype(np.float64)
    encoded = model.encoder.encode(texts)
    moved = np.nan_to_num(np.abs(ours - golden), nan=np.inf, posinf=np.inf)
    spread = max(float((golden - golden.mean(axis=0)).std()), LEAST_SPREAD)
    return GoldenCheck(
        texts=len(texts),
        other_ids=sum(e.ids != a["ids"] for e, a in zip(encoded, answers, strict=True)),
        other_labels=int((ours.argmax(axis=1) != golden.argmax(axis=1)).sum()),
        max_abs=float(moved.max()),
        drift=float(np.sqrt((moved**2).mean())) / spread,
    )


def _named(text: Text) -> dict[str, str]:
    return {"text": text} if isinstance(text, str) else {"text": text[0], "text_pair": text[1]}


def _answer(line: dict[str, Any]) -> GoldenAnswer:
    return {
        "text": str(line["text"]),
        "text_pair": None if line.get("text_pair") is None else str(line["text_pair"]),
        "ids": [int(token) for token in line["ids"]],
        "logits": [float(logit) for logit in line["logits"]],
    }
