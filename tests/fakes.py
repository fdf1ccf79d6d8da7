"""Stand-ins for the things that are slow or far away: predictors, listeners, cases."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgecompress.core.case import Case, Contestant, FloatArray
from edgecompress.core.progress import Tracker
from edgecompress.core.texts import Text, TextSet


class Answers:
    """A predictor that gives each known text the label it was told."""

    def __init__(self, labels: Sequence[int], classes: int = 2, sharpness: float = 4.0) -> None:
        self.scores = sharpness * np.eye(classes, dtype=np.float32)[list(labels)]

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        return self.scores[[int(str(text)) for text in texts]]

    def logits_in_batches(self, texts: Sequence[Text], batch_size: int) -> FloatArray:
        return self.logits(texts)


class Busy:
    """A predictor whose every answer costs so much CPU time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        until = time.thread_time() + self.seconds
        while time.thread_time() < until:
            pass
        return np.zeros((len(texts), 2), dtype=np.float32)


class Listener:
    """A Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.tracked: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def warn(self, line: str) -> None:
        self.warnings.append(line)

    @contextmanager
    def track(self, what: str, total: float, unit: str) -> Iterator[Tracker]:
        self.tracked.append(what)
        yield self

    def advance(self, amount: float = 1, note: str = "") -> None:
        return None


def contestant(name: str, predictor: object, size: int = 1000) -> Contestant:
    return Contestant(name, f"digest of {name}", predictor, Path("nowhere"), size, params=10)  # type: ignore[arg-type]


def texts(labels: Sequence[int], role: str = "test") -> TextSet:
    """Rows whose text is their own number, so that `Answers` knows them."""
    rows = tuple(str(i) for i in range(len(labels)))
    origins = tuple(f"made-up:{row}" for row in rows)
    return TextSet(role, rows, np.array(labels, dtype=np.int64), origins, digest=role)


def case(
    ours: Sequence[int], theirs: Sequence[int], truth: Sequence[int], classes: int = 2
) -> Case:
    """A candidate and a teacher that give these labels on rows with this truth."""
    return Case(
        contestant("candidate", Answers(ours, classes)),
        contestant("teacher", Answers(theirs, classes)),
        {"test": texts(truth)},
        tuple(f"class {k}" for k in range(classes)),
        seed=7,
    )
