"""Stage `distill`: a shallower student learns to answer as its teacher does."""

from dataclasses import replace
from typing import Any

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.core.ranks import lead_first
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_pretrained,
    save_model,
)
from edgecompress.models.encoder import take_layers
from edgecompress.recipe.learning import Distill
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.augmentation import augment, told_of, with_changes
from edgecompress.training.teaching import meet, require_parts, teach_everything


def run(model: Artifact, settings: Distill, ctx: StageContext) -> Facts:
    """Cut a student, train it on `transfer` and on changed texts of `train`, then on `train`.

    Texts without labels teach by the teacher's logits alone; see `Objective.on_unlabelled`.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: a layer that does not exist, an objective without parts, inner states of other
            widths or other tokens, no positions for `max_length` tokens, or texts whose words
            cannot be changed.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    require_parts(settings.objective)
    teacher = ctx.whoever_teaches(settings, model)
    origin = ctx.origins.get("weights", model.path)
    whole = as_encoder(load_pretrained(origin, ctx.labels, ctx.seed))
    layers = choose_layers(settings.layers, whole.config.layers)
    student = take_layers(whole, layers)
    student.require_room(settings.max_length)
    reads = TextEncoder(origin, settings.max_length)
    pair = meet(student, reads, teacher, ctx)
    facts: dict[str, Any] = {"layers_kept": list(layers), "layers_of": whole.config.layers}
    if settings.augment:
        with lead_first(ctx.ranks):
            made = augment(settings.augment, ctx.origins.get("augment.masked_model"), pair, ctx)
        facts["augmented"] = told_of(made, ctx.data["train"])
        ctx = replace(ctx, data={**ctx.data, "transfer": with_changes(made, ctx.data)})
    facts |= teach_everything(pair, settings, ctx)
    save_model(student, ctx.out)
    copy_tokenizer(origin, ctx.out, settings.max_length)
    return {**facts, "params": student.params}


def choose_layers(asked: int | tuple[int, ...] | None, depth: int) -> tuple[int, ...]:
    """The layers a student copies: those asked for, or so many, evenly spaced with both ends kept.

    None is all of them.

    Both ends, since the first layers read words and the last ones feed the head that is copied
    too: 6 of 12 gives 0, 2, 4, 7, 9, 11, and 3 of 12 gives 0, 6, 11, as in the sources. A half
    rounds to the even layer; a single layer is the first.

    Raises:
        StageError: a layer is asked for that is not there.

    Source: Sanh et al. (2019), arXiv:1910.01108, for every other layer; Shleifer & Rush (2020),
    arXiv:2010.13002, section 3, for spacing that keeps the ends.
    """
    if asked is None:
        return tuple(range(depth))
    if isinstance(asked, tuple):
        missing = [layer for layer in asked if layer >= depth]
        if missing or not asked:
            raise StageError(
                f"distill.layers: got {list(asked)}; the origin has layers 0 to {depth - 1}"
            )
        return asked
    if not 1 <= asked <= depth:
        raise StageError(f"distill.layers: got {asked}; the origin has {depth} layers")
    if asked == 1:
        return (0,)
    return tuple(round(place * (depth - 1) / (asked - 1)) for place in range(asked))
