"""Stage `factorize`: fewer weights, by storing wide matrices as two thin ones."""

from typing import Any

import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.factors import WORD_TABLE, Outcome, factorize
from edgecompress.models.word_pieces import count_pieces, read_all
from edgecompress.recipe.shrinking import Factorize
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext


def run(model: Artifact, settings: Factorize, ctx: StageContext) -> Facts:
    """Split each matrix that the settings name and that gets smaller by it.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: no matrix gets smaller, or there are no texts to count pieces in.
    """
    encoder = as_encoder(load_model(model.path))
    before = encoder.params
    torch.set_num_threads(ctx.threads)
    row_weights = _row_weights(model, encoder.vocab_size, settings, ctx)
    outcomes = factorize(encoder, settings, row_weights)
    if not any(outcome.thin for outcome in outcomes):
        asked = "; ".join(f"{outcome.name} at rank {outcome.rank}" for outcome in outcomes)
        raise StageError(f"factorize: no matrix gets smaller ({asked}); ask for lower ranks")
    save_model(encoder, ctx.out)
    copy_tokenizer(model.path, ctx.out, TextEncoder(model.path).max_length)
    return {
        "matrices": {outcome.name: _told(outcome) for outcome in outcomes if outcome.thin},
        "left_as_they_were": [outcome.name for outcome in outcomes if not outcome.thin],
        "params_before": before,
        "params": encoder.params,
    }


def _row_weights(
    model: Artifact, vocab_size: int, settings: Factorize, ctx: StageContext
) -> torch.Tensor | None:
    """[vocab_size]: the root of each piece's uses; with one use too many, so that none is free.

    Squared errors are what a split makes least, so by the root each use counts once.
    """
    if settings.embeddings is None or settings.weighting == "plain":
        return None
    texts = [ctx.data[role] for role in settings.may_read if role in ctx.data]
    if not texts:
        raise StageError(
            "factorize: `weighting: frequency` counts pieces in data.train, which the recipe does "
            "not have; set `weighting: plain`"
        )
    read = read_all(TextEncoder(model.path), texts, ctx.progress)
    uses = torch.from_numpy(count_pieces(read, vocab_size))
    return (uses + 1).double().sqrt()


def _told(outcome: Outcome) -> dict[str, Any]:
    assert outcome.thin is not None
    told = {"rank": outcome.thin.rank, "error": round(outcome.thin.error, 6)}
    if outcome.name == WORD_TABLE:
        told["weighted_error"] = round(outcome.thin.weighted_error, 6)
    return told
