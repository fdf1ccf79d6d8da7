"""Stage `adopt`: a classifier that somebody else trained is taken as it is."""

from itertools import zip_longest

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Progress
from edgecompress.models.checkpoint import copy_tokenizer, load_model, read_labels, save_model
from edgecompress.recipe.learning import Adopt
from edgecompress.stages.context import StageContext


def run(model: Artifact, settings: Adopt, ctx: StageContext) -> Facts:
    """Check that the model's classes are the recipe's, in its order, and copy it.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: the classes differ, there is no trained head, or the model has no positions
            for `max_length` tokens.
    """
    _require_same_labels(read_labels(model.path), ctx.labels, ctx.progress)
    classifier = load_model(model.path)
    classifier.require_room(settings.max_length)
    classifier.rename_labels(ctx.labels)
    save_model(classifier, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {"params": classifier.params}


def _require_same_labels(
    theirs: tuple[str, ...], ours: tuple[str, ...], progress: Progress
) -> None:
    """Case does not count. Numbered names say nothing: they are taken, with a warning."""
    if len(theirs) == len(ours):
        if all(name == f"LABEL_{index}" for index, name in enumerate(theirs)):
            progress.warn(
                f"adopt: the model's classes have no names; taken to be {', '.join(ours)}, "
                "in this order"
            )
            return
        if [name.casefold() for name in theirs] == [name.casefold() for name in ours]:
            return
    table = ", ".join(
        f"{index}: {their or '(none)'} | {our or '(none)'}"
        for index, (their, our) in enumerate(zip_longest(theirs, ours))
    )
    raise StageError(
        f"adopt: the model's classes are not the recipe's; by index, model | recipe: {table}; "
        "write `labels` in the model's order and map your files to them, or fine-tune"
    )
