"""How hard each text is: what a `difficulty` stage finds out, and later stages read.

FOLDER/
  scores.json       what was scored, of which rows
  ROLE-NAME.npy     one number for each row of a role: "train-d.npy"
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from edgecompress.core.case import FloatArray, IntArray
from edgecompress.core.errors import IntegrityError
from edgecompress.core.texts import TextSet

PARTS = ("d", "variance", "mean_loss", "wrong")

Numbers = NDArray[np.float64]
Hits = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """One role's rows, in the order of its texts; each array is [n]."""

    d: Numbers  # in [alpha, 1]; 1 is hardest
    variance: Numbers  # of the loss across pruned models, in squared nats
    mean_loss: Numbers  # over the same models, in nats
    wrong: Numbers  # share of these models that miss the label

    @property
    def hard(self) -> Hits:
        """[n]: whether the variance is above the median of this role."""
        return np.asarray(self.variance > np.median(self.variance))


@dataclass(frozen=True)
class Scale:
    """How a variance becomes d; set by the training texts, and used for all others too."""

    low: float  # variance of a text with d = alpha
    high: float  # variance of a text with d = 1
    alpha: float

    @classmethod
    def of(cls, variance: Numbers, alpha: float, winsor: float) -> Self:
        """From the least to the greatest variance, with the outer `winsor` of either end cut off.

        The variance of a loss is heavy-tailed: on a scale to its very maximum, one extreme text
        pushes all others to `alpha`, and what was meant for each text becomes one number for all.

        Args:
            variance: [n].
            winsor: share of the texts; 0 is the paper's scale.
        """
        ordered = np.sort(variance)
        cut = int(winsor * len(ordered))
        return cls(float(ordered[cut]), float(ordered[-1 - cut]), alpha)

    def d(self, variance: Numbers) -> Numbers:
        """[n] in [alpha, 1]; all 1, which changes no answer, where nothing tells texts apart.

        Source: Du et al. (2021), arXiv:2110.08419, section 5.1.
        """
        if self.high <= self.low:
            return np.ones_like(variance)
        place = ((variance - self.low) / (self.high - self.low)).clip(0, 1)
        return np.asarray(self.alpha + (1 - self.alpha) * place).clip(self.alpha, 1)


def label_losses(logits: FloatArray, labels: IntArray) -> Numbers:
    """Cross-entropy of each row in nats, [n], from logits [n, classes]."""
    exact = logits.astype(np.float64)
    picked = exact[np.arange(len(labels)), labels]
    return np.asarray(logsumexp(exact, axis=1) - picked)


def score(losses: Numbers, wrong: Hits, scale: Scale) -> Scores:
    """Scores from the losses and misses of several models, both [models, n].

    Losses are compared as they are, as in the paper. Standardising those of each model first would
    keep a badly pruned one from deciding alone; but leaving collapsed models out serves that end
    better, and standardised losses of one-shot pruning go less with those of separate runs.
    """
    variance = losses.var(axis=0)
    return Scores(scale.d(variance), variance, losses.mean(axis=0), wrong.mean(axis=0))


def save_scores(found: Mapping[str, tuple[TextSet, Scores]], folder: Path) -> None:
    """Write the scores of some roles into an empty folder."""
    for role, (_, scores) in found.items():
        for part in PARTS:
            values = getattr(scores, part).astype(np.float64)
            np.save(folder / f"{role}-{part}.npy", values, allow_pickle=False)
    digests = {role: texts.digest for role, (texts, _) in found.items()}
    text = json.dumps({"texts": digests}, indent=1, sort_keys=True)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def load_scores(folder: Path, texts: TextSet) -> Scores:
    """The scores of exactly these texts.

    Raises:
        IntegrityError: the scores are of other rows.
    """
    digests = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["texts"]
    if digests.get(texts.name) != texts.digest:
        raise IntegrityError(f"{folder}: has no scores of these rows of data.{texts.name}")
    files = (folder / f"{texts.name}-{part}.npy" for part in PARTS)
    return Scores(*(np.load(file, allow_pickle=False) for file in files))
