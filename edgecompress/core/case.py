"""What a check may look at: two contestants and the texts they answer."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.progress import Progress, Silent
from edgecompress.core.texts import Text, TextSet

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

Answers = dict[tuple[str, str], FloatArray]
"""(digest of a model, role or digest of other texts) -> its logits on these texts."""

NO_ANSWER = -1

Make = Callable[[Path, Path], None]
"""Writes what is to be kept into the first folder; the second has what a killed try left."""

Keep = Callable[[Mapping[str, Any], Make], Path]
"""Finds what was made for these JSON values before, or has it made; gives its sealed folder."""


def keep_nothing(asked: Mapping[str, Any], make: Make) -> Path:
    """For checks that keep nothing.

    Raises:
        AssertionError: a check that does.
    """
    raise AssertionError(f"nobody keeps {asked}")


class Sources(Protocol):
    """What checks read beside the rows, by the name that a recipe gives it."""

    def digest(self, name: str) -> str:
        """Changes when the contents would; nothing is fetched."""

    def place(self, name: str) -> Path:
        """The file, or the folder of the resource, which is fetched if need be."""


class NoSources:
    """For checks that read nothing beside the rows."""

    def digest(self, name: str) -> str:
        """Nobody knows."""
        raise AssertionError(f"nobody knows {name}")

    def place(self, name: str) -> Path:
        """Nowhere."""
        raise AssertionError(f"nobody has {name}")


class Predictor(Protocol):
    """Anything that answers texts: a torch teacher, an ONNX candidate, a fake in a test."""

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        """[n, classes], one row a text, in order; each text answered as if it came alone."""


@runtime_checkable
class BatchPredictor(Predictor, Protocol):
    """A predictor that can also be asked to answer several texts in one padded batch."""

    def logits_in_batches(self, texts: Sequence[Text], batch_size: int) -> FloatArray:
        """[n, classes]; texts are padded to the longest of their batch."""


@dataclass(frozen=True)
class Relabelled:
    """A predictor whose classes are put into another order."""

    predictor: BatchPredictor
    order: tuple[int, ...]  # of its classes, for each of ours

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        """[n, classes], in our order."""
        return self.predictor.logits(texts)[:, self.order]

    def logits_in_batches(self, texts: Sequence[Text], batch_size: int) -> FloatArray:
        """[n, classes], in our order."""
        return self.predictor.logits_in_batches(texts, batch_size)[:, self.order]


def decisions(logits: FloatArray) -> IntArray:
    """The class each row picks; NO_ANSWER where a logit is not finite, which is never right."""
    picked: IntArray = logits.argmax(axis=1).astype(np.int64)
    picked[~np.isfinite(logits).all(axis=1)] = NO_ANSWER
    return picked


def decision_name(decision: int, labels: Sequence[str]) -> str:
    """For readers: the label, or that there was none."""
    return "no answer" if decision == NO_ANSWER else labels[decision]


@dataclass(frozen=True)
class Contestant:
    """One model at the gate."""

    name: str
    digest: str
    predictor: Predictor
    folder: Path  # its files
    weights_bytes: int  # the file(s) that hold the weights
    params: int


@dataclass
class Case:
    """A candidate, its teacher and the gate's texts; answers are computed once and shared."""

    candidate: Contestant
    teacher: Contestant
    data: Mapping[str, TextSet]  # by role, e.g. "test", "ood/tweets"
    labels: tuple[str, ...]
    seed: int
    parent: Contestant | None = None  # the candidate's fp32 torch parent, where there is one
    retrained: Contestant | None = None  # the teacher from another seed, where a check asks for it
    keep: Keep = keep_nothing  # what is dear to make, such as adversarial texts
    sources: Sources = field(default_factory=NoSources)
    workers: int = 1  # processes that may work at once
    ray_address: str | None = None  # of a cluster that attacks in their place
    progress: Progress = field(default_factory=Silent)
    known: Answers = field(default_factory=dict, repr=False)

    def answers(self, who: Contestant, role: str) -> FloatArray:
        """Logits of `who` on the texts of `role`, [n, classes]."""
        key = (who.digest, role)
        if key not in self.known:
            texts = self.data[role].texts
            parts = []
            with self.progress.track(f"{who.name} answers {role}", len(texts), "texts") as bar:
                for start in range(0, len(texts), 256):
                    part = texts[start : start + 256]
                    parts.append(who.predictor.logits(part))
                    bar.advance(len(part))
            self.known[key] = np.concatenate(parts)
        return self.known[key]

    def answers_to(self, who: Contestant, texts: Sequence[Text]) -> FloatArray:
        """Logits of `who` on texts of no role, such as an attack left them, [n, classes]."""
        key = (who.digest, hashlib.sha256(repr(texts).encode()).hexdigest())
        if key not in self.known:
            self.known[key] = who.predictor.logits(texts)
        return self.known[key]
