"""Stage `vocabulary`: fewer rows in the tables of word pieces and of positions."""

from collections.abc import Sequence

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_model,
    read_json,
    save_model,
)
from edgecompress.models.word_pieces import (
    choose_pieces,
    count_pieces,
    keep_pieces,
    keep_rows,
    read_all,
)
from edgecompress.recipe.shrinking import Vocabulary
from edgecompress.runtime.text import Encoded, TextEncoder
from edgecompress.stages.context import StageContext


def run(model: Artifact, settings: Vocabulary, ctx: StageContext) -> Facts:
    """Keep the pieces that `train` and `transfer` use, and write a tokenizer that knows no others.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: the tokenizer cannot lose pieces, `pieces` is too few, or nothing gets smaller.
    """
    encoder = as_encoder(load_model(model.path))
    reads = TextEncoder(model.path)
    texts = [ctx.data[role] for role in (*settings.reads, *settings.may_read) if role in ctx.data]
    before = read_all(reads, texts, ctx.progress)
    counts = count_pieces(before, encoder.vocab_size)
    copy_tokenizer(model.path, ctx.out, reads.max_length)
    kept = choose_pieces(read_json(ctx.out / "tokenizer.json"), counts, settings)
    tokens = min(reads.max_length, encoder.max_tokens) if settings.positions else encoder.max_tokens
    smaller = keep_rows(encoder, kept, tokens)
    if smaller.params == encoder.params:
        raise StageError(
            f"vocabulary: all {len(kept)} pieces are used and no position is idle; "
            "raise `min_count`, or take this stage out of the recipe"
        )
    keep_pieces(ctx.out, kept)
    save_model(smaller, ctx.out)
    after = read_all(TextEncoder(ctx.out), texts, ctx.progress)
    return {
        "kept": len(kept),
        "of": encoder.vocab_size,
        "kept_share_of_tokens": round(float(counts[kept].sum() / counts.sum()), 6),
        "texts": len(before),
        "texts_read_otherwise": _changed(before, after, kept),
        "positions": smaller.max_tokens,
        "params_before": encoder.params,
        "params": smaller.params,
    }


def _changed(before: Sequence[Encoded], after: Sequence[Encoded], kept: Sequence[int]) -> int:
    """How many texts are now read in other pieces."""
    pairs = zip(before, after, strict=True)
    return sum(old.ids != [kept[number] for number in new.ids] for old, new in pairs)
