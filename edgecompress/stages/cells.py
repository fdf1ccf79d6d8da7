"""Stage `cells`: a student of another make, behind the model's own embeddings."""

import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.models.cells import cells_behind
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_pretrained, save_model
from edgecompress.recipe.cells import Cells
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.teaching import meet, require_parts, teach_everything


def run(model: Artifact, settings: Cells, ctx: StageContext) -> Facts:
    """Build the cells, and teach them on `transfer`, then on `train`.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: an objective without parts or of attention, a width that heads do not divide,
            hidden states of other widths, or no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    require_parts(settings.objective)
    if settings.objective.attention or settings.objective.relations:
        raise StageError("cells.objective: cells show no attention to be matched; set 0")
    torch.set_num_threads(ctx.threads)
    teacher = ctx.whoever_teaches(settings, model)
    whole = as_encoder(load_pretrained(model.path, ctx.labels, ctx.seed))
    try:
        student = cells_behind(whole, settings, ctx.seed)
    except ValueError as error:
        raise StageError(f"cells: {error}") from error
    student.require_room(settings.max_length)
    pair = meet(student, TextEncoder(model.path, settings.max_length), teacher, ctx)
    told = teach_everything(pair, settings, ctx)
    save_model(student, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {
        "nodes": [[node.op, list(node.reads)] for node in settings.nodes],
        "repeats": settings.repeats,
        "width": student.config.width,
        **told,
        "params": student.params,
    }
