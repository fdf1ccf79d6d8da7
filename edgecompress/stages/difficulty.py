"""Stage `difficulty`: how hard each text is, told by how differently pruned models take it.

The model passes by unchanged. Later stages teach easy texts, which a shortcut may solve, less
surely than hard ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import FloatArray, IntArray, decisions
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.recipe.learning import Difficulty
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.batches import TokenRows
from edgecompress.training.difficulty import Answers, Inquiry
from edgecompress.training.scores import Scale, Scores, label_losses, save_scores, score

COLLAPSED = 0.9  # of the accuracy of the model that came in
FEWEST = 2  # models: one alone has no variance
BINS = 20
SHOWN = 3  # texts of either end
LONGEST_SHOWN = 80  # characters


@dataclass(frozen=True)
class Pruned:
    """A pruned model, and whether its losses count."""

    sparsity: float
    answers: Answers
    accuracy: float  # on train
    used: bool


def run(model: Artifact, settings: Difficulty, ctx: StageContext) -> Facts:
    """Score the texts of `train`, and on the same scale those of `validation`.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: all models but one have collapsed; or the model is of no family that can be
            pruned, has no positions for `max_length` tokens, or too few steps for `gradual`.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    torch.set_num_threads(ctx.threads)
    encoder = as_encoder(load_model(model.path))
    encoder.require_room(settings.max_length)
    reads = TextEncoder(model.path, settings.max_length)
    rows = {role: TokenRows.of(texts, reads) for role, texts in ctx.data.items()}
    inquiry = Inquiry(encoder, rows, settings, ctx)
    before = inquiry.unpruned()
    pruned = _judge(before, inquiry.pruned(), settings, ctx.data["train"].labels)
    found = _scores(_used(pruned, ctx.progress), settings, ctx.data)
    save_scores({role: (ctx.data[role], scores) for role, scores in found.items()}, ctx.out)
    return {
        "method": settings.method,
        "models": {
            str(one.sparsity): {"train_accuracy": one.accuracy, "used": one.used} for one in pruned
        },
        **_told(found["train"], ctx.data["train"], settings.alpha, ctx.labels),
        **_split(found, before, ctx.data),
    }


def _judge(
    before: Answers, after: Sequence[Answers], settings: Difficulty, labels: IntArray
) -> list[Pruned]:
    """Leave collapsed models out, unless they are asked for.

    Such a model answers every text alike, which differs most from what the others say of the
    easiest texts, so it turns easy into hard. On 1,500 short reviews and a MiniLM-L6, variances of
    one-shot pruning go with those of separate runs by a rank correlation of 0.76 without collapsed
    models, and of -0.08 with them.
    """
    least = 0.0 if settings.keep_collapsed else COLLAPSED * _accuracy(before["train"], labels)
    seen = [_accuracy(answers["train"], labels) for answers in after]
    return [
        Pruned(sparsity, answers, accuracy, accuracy >= least)
        for sparsity, answers, accuracy in zip(settings.sparsities, after, seen, strict=True)
    ]


def _used(pruned: Sequence[Pruned], progress: Progress) -> list[Pruned]:
    """The models that the scores are made of.

    Raises:
        StageError: fewer than two.
    """
    used = [one for one in pruned if one.used]
    gone = [f"{one.sparsity} ({one.accuracy:.3f})" for one in pruned if not one.used]
    told = f"difficulty: collapsed at sparsity (accuracy on train): {', '.join(gone)}"
    if len(used) < FEWEST:
        raise StageError(
            f"{told}; fewer than {FEWEST} models are left; ask for lower sparsities, "
            "method: gradual or runs, or keep_collapsed: true"
        )
    if gone:
        progress.warn(f"{told}; left out of the scores")
    return used


def _scores(
    pruned: Sequence[Pruned], settings: Difficulty, data: Mapping[str, TextSet]
) -> dict[str, Scores]:
    """By role, all on the scale of `train`."""
    losses = {
        role: np.stack([label_losses(one.answers[role], texts.labels) for one in pruned])
        for role, texts in data.items()
    }
    scale = Scale.of(losses["train"].var(axis=0), settings.alpha, settings.winsor)
    wrong = {
        role: np.stack([decisions(one.answers[role]) != texts.labels for one in pruned])
        for role, texts in data.items()
    }
    return {role: score(losses[role], wrong[role], scale) for role in data}


def _told(scores: Scores, texts: TextSet, alpha: float, labels: Sequence[str]) -> dict[str, Any]:
    """Of the training texts: how d is spread, what may be wrong with them, and both ends."""
    order = np.argsort(scores.variance, kind="stable")
    counts, _ = np.histogram(scores.d, bins=BINS, range=(alpha, 1))
    easy_but_missed = (scores.d < scores.d.mean()) & (scores.mean_loss > np.log(len(labels)))

    def shown(row: int) -> dict[str, Any]:
        """One text, short enough for a report."""
        text = texts.texts[row]
        words = text if isinstance(text, str) else " | ".join(text)
        return {
            "origin": texts.origins[row],
            "label": labels[texts.labels[row]],
            "d": round(float(scores.d[row]), 3),
            "text": words if len(words) <= LONGEST_SHOWN else f"{words[: LONGEST_SHOWN - 1]}…",
        }

    return {
        "d": {"lowest": alpha, "mean": float(scores.d.mean()), "counts": counts.tolist()},
        "likely_mislabelled": float(easy_but_missed.mean()),
        "easiest": [shown(row) for row in order[:SHOWN].tolist()],
        "hardest": [shown(row) for row in order[: -SHOWN - 1 : -1].tolist()],
    }


def _split(
    found: Mapping[str, Scores], before: Answers, data: Mapping[str, TextSet]
) -> dict[str, Any]:
    """Accuracy of the model as it came in, on the easy and the hard half of `validation`."""
    if "validation" not in found:
        return {}
    right = decisions(before["validation"]) == data["validation"].labels
    hard = found["validation"].hard
    halves = {"easy_accuracy": right[~hard], "hard_accuracy": right[hard]}
    return {"validation": {name: float(hits.mean()) for name, hits in halves.items() if len(hits)}}


def _accuracy(logits: FloatArray, labels: IntArray) -> float:
    return float((decisions(logits) == labels).mean())
