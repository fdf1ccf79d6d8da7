"""How well a model does on held-out rows, while it is being made."""

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
import torch

from edgecompress.core.case import FloatArray, decisions
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.models.classifier import Classifier
from edgecompress.training.batches import TokenRows, batches_by_length

BATCH = 64


class Examination(Protocol):
    """What tells the best epoch of a training: the one of the highest score."""

    @property
    def name(self) -> str:
        """Of the score."""

    def __call__(self, model: Classifier) -> float:
        """The score, at most 1; the model is left in the mode it was in."""


@dataclass(frozen=True)
class Accuracy:
    """Share of the rows whose label the model picks."""

    rows: TokenRows
    name: str = "validation accuracy"

    def __call__(self, model: Classifier) -> float:
        """See `Examination`."""
        return float((decisions(answers(model, self.rows)) == self.rows.labels).mean())


@dataclass(frozen=True)
class Loyalty:
    """Mean probability loyalty to the teacher's answers.

    Of a few hundred rows the labels that agree say little: two epochs that differ by one row are
    ordered by luck. Distributions tell them apart.
    """

    rows: TokenRows
    theirs: FloatArray  # logits, [n, classes]
    name: ClassVar[str] = "probability loyalty to the teacher"

    def __call__(self, model: Classifier) -> float:
        """See `Examination`."""
        return float(probability_loyalty(answers(model, self.rows), self.theirs).mean())

    @property
    def agreement(self) -> Accuracy:
        """By labels alone, for a student that learns no distributions."""
        labels = decisions(self.theirs)
        return Accuracy(replace(self.rows, labels=labels), "agreement with the teacher")


@torch.inference_mode()
def answers(model: Classifier, rows: TokenRows) -> FloatArray:
    """Logits in fp32 and without dropout, [n, classes].

    Draws nothing from any random generator, so a look at them never changes a training.
    """
    was_training = model.training
    model.eval()
    logits = np.empty((len(rows), len(model.labels)), np.float32)
    for numbers in batches_by_length(rows.lengths, BATCH):
        logits[numbers] = model(*rows.batch(numbers).inputs).logits.float().numpy()
    model.train(was_training)
    return logits
