"""What is changed text by text: how sharply the teacher speaks of it, and how much it counts."""

from typing import Literal

import numpy as np

from edgecompress.core.case import FloatArray
from edgecompress.recipe.objective import Smooth
from edgecompress.training.scores import Scores

MISSED_WEIGHT = 2.0  # of a text that most pruned models miss, as in the robust distillation paper


def smoothed(logits: FloatArray, smooth: Smooth | None, scores: Scores | None) -> FloatArray:
    """The logits [n, classes] of the probabilities to the power d, normalised again.

    With d = 1 nothing changes; towards 0 all classes become equally likely. A temperature of the
    objective comes on top of it.

    Args:
        logits: of the teacher.
        smooth: what d is; None is 1.
        scores: of the same rows, where `smooth` is a word.

    Source: Du et al. (2021), arXiv:2110.08419, equation 4.
    """
    if smooth is None:
        return logits
    if isinstance(smooth, float):
        return logits * np.float32(smooth)
    assert scores is not None, "the plan gives scores to every objective that asks for them"
    d = scores.d if smooth == "difficulty" else np.full_like(scores.d, scores.d.mean())
    return logits * d.astype(np.float32)[:, None]


def row_weights(
    reweight: Literal["focal", "jtt"] | None, scores: Scores | None
) -> FloatArray | None:
    """How much each row counts, [n]; None where the rows count alike, or by the student's answers.

    Source: Liu et al. (2021), Just Train Twice, arXiv:2107.09044, with the pruned models in the
    place of its first model.
    """
    if reweight != "jtt":
        return None
    assert scores is not None, "the plan gives scores to every objective that asks for them"
    return np.where(scores.wrong > 0.5, MISSED_WEIGHT, 1.0).astype(np.float32)
