"""Stage `qat`: a student learns to answer well with 8-bit weights and activations.

It is told what `quantize` will do later and trains with just those roundings in its way; what it
hands on is an ordinary network of floats, for `export` and `quantize` as any other.
"""

from typing import Any

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.classifier import Classifier
from edgecompress.models.fake_quant import rounded
from edgecompress.recipe.learning import Qat
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.teaching import Pair, meet, require_parts, teach_everything


def run(model: Artifact, settings: Qat, ctx: StageContext) -> Facts:
    """Train on `transfer` and `train` with 8-bit arithmetic imitated; the best epoch is kept.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: an objective without parts, inner states of other widths or other tokens, or
            no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    require_parts(settings.objective)
    teacher = ctx.whoever_teaches(settings, model)
    student = as_encoder(load_model(model.path))
    student.require_room(settings.max_length)
    reads = TextEncoder(model.path, settings.max_length)
    learner = rounded(student, settings, pairs=ctx.pair_inputs)
    pair = meet(learner, reads, teacher, ctx)
    before = _agreement(pair, student, learner)
    told = teach_everything(pair, settings, ctx)
    student.load_state_dict(learner.state_dict())
    after = _agreement(pair, student, learner)
    if after and after["int8"] < before["int8"]:
        ctx.progress.warn(
            f"qat: agrees with its teacher less than before, {after['int8']:.4f} instead of "
            f"{before['int8']:.4f} in 8 bits; take a lower learning_rate, or this stage out"
        )
    save_model(student, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {**told, "agreement_before": before, "agreement": after, "params": student.params}


def _agreement(pair: Pair, student: Classifier, learner: Classifier) -> dict[str, Any]:
    """Share of the validation rows answered as the teacher does, in floats and in 8 bits."""
    if pair.held_out is None:
        return {}
    agreement = pair.held_out.agreement
    return {"float": agreement(student), "int8": agreement(learner)}
