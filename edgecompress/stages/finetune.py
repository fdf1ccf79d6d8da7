"""Stage `finetune`: a pretrained encoder becomes a classifier, by the labels of `train`."""

from dataclasses import asdict

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, save_model
from edgecompress.recipe.learning import Finetune
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.batches import TokenRows
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import supervised
from edgecompress.training.validation import Accuracy


def run(model: Artifact, settings: Finetune, ctx: StageContext) -> Facts:
    """Train all weights; a head that is missing, or has another number of classes, starts anew.

    The result is in the layout of what came in: a Hugging Face model stays one.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: the model has no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    classifier = load_pretrained(model.path, ctx.labels, ctx.seed)
    classifier.require_room(settings.max_length)
    tokenizer = TextEncoder(model.path, settings.max_length)
    rows = {role: TokenRows.of(texts, tokenizer) for role, texts in ctx.data.items()}
    exam = Accuracy(rows["validation"]) if "validation" in rows else None
    task = Task("finetune", rows["train"], exam, supervised, settings.epochs)
    trained = train(classifier, task, settings, ctx)
    save_model(classifier, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {
        **asdict(trained),
        "params": classifier.params,
        "truncated_share": round(rows["train"].truncated_share, 4),
    }
