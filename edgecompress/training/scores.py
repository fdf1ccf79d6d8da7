"""How hard each text is: what a `difficulty` stage finds out, and later stages read.

FOLDER/
  scores.json       what was scored, of which rows
  ROLE-NAME.npy     one number for each row of a role: "train-d.npy"
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecompress.core.case import FloatArray
from edgecompress.core.errors import IntegrityError
from edgecompress.core.texts import TextSet

PARTS = ("d", "variance", "mean_loss", "wrong")


@dataclass(frozen=True)
class Scores:
    """One role's rows, in the order of its texts; each array is [n]."""

    d: FloatArray  # in [alpha, 1]; 1 is hardest
    variance: FloatArray  # of the loss across pruned models, in squared nats
    mean_loss: FloatArray  # over the same models, in nats
    wrong: FloatArray  # share of these models that miss the label

    @property
    def hard(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """[n]: whether the variance is above the median of this role."""
        return np.asarray(self.variance > np.median(self.variance))


def save_scores(found: dict[str, tuple[TextSet, Scores]], folder: Path) -> None:
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
