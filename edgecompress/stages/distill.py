"""Stage `distill`: a shallower student learns to answer as its teacher does."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import decisions
from edgecompress.core.errors import StageError
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_model,
    load_pretrained,
    save_model,
)
from edgecompress.models.classifier import Classifier, Output
from edgecompress.models.encoder import Encoder, take_layers
from edgecompress.recipe.stages import Distill, Objective
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.batches import TokenRows
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import distilling, state_map
from edgecompress.training.precision import choose_precision
from edgecompress.training.signals import Asked, Wanted, teacher_signals


@dataclass(frozen=True)
class Pair:
    """Who learns from whom; each reads texts by its own tokenizer."""

    student: Encoder
    student_reads: TextEncoder
    teacher: Classifier
    teacher_reads: TextEncoder
    held_out: TokenRows | None  # validation rows, whose labels are the teacher's answers


@dataclass(frozen=True)
class Part:
    """One part of the training: which texts, for how long, and what to match."""

    role: str
    epochs: int
    objective: Objective


def run(model: Artifact, settings: Distill, ctx: StageContext) -> Facts:
    """Cut a student, train it on `transfer` where there is such data, then on `train`.

    Transfer texts teach by the teacher's logits alone: they have no labels, and inner states of
    so many texts would fill a disk.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: a layer that does not exist, an objective without parts, inner states of other
            widths or other tokens, or no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    _require_parts(settings.objective)
    assert ctx.teacher is not None, "the plan gives a teacher to every stage that needs one"
    origin = ctx.origin or model.path
    whole = as_encoder(load_pretrained(origin, ctx.labels, ctx.seed))
    layers = choose_layers(settings.layers, whole.config.layers)
    student = take_layers(whole, layers)
    student.require_room(settings.max_length)
    reads = TextEncoder(origin, settings.max_length)
    pair = _meet(student, reads, ctx.teacher, ctx)
    facts: dict[str, Any] = {"layers_kept": list(layers), "layers_of": whole.config.layers}
    if "transfer" in ctx.data:
        logits_only = Objective(temperature=settings.objective.temperature)
        part = Part("transfer", settings.transfer_epochs, logits_only)
        facts["transfer"] = _teach(pair, part, settings, ctx)
    facts |= _teach(pair, Part("train", settings.epochs, settings.objective), settings, ctx)
    save_model(student, ctx.out)
    copy_tokenizer(origin, ctx.out, settings.max_length)
    return {**facts, "params": student.params}


def choose_layers(asked: int | tuple[int, ...], depth: int) -> tuple[int, ...]:
    """The layers a student copies: those asked for, or so many, evenly spaced with both ends kept.

    Both ends, since the first layers read words and the last ones feed the head that is copied
    too: 6 of 12 gives 0, 2, 4, 7, 9, 11, and 3 of 12 gives 0, 6, 11, as in the sources. A half
    rounds to the even layer; a single layer is the first.

    Raises:
        StageError: a layer is asked for that is not there.

    Source: Sanh et al. (2019), arXiv:1910.01108, for every other layer; Shleifer & Rush (2020),
    arXiv:2010.13002, section 3, for spacing that keeps the ends.
    """
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


def _meet(student: Encoder, reads: TextEncoder, teacher: Artifact, ctx: StageContext) -> Pair:
    """Bring student and teacher together.

    The best epoch is the one that answers the validation rows most often as the teacher does, since
    that is what a student is for; the labels of a few hundred rows would choose by luck.
    """
    teaches, teacher_reads = load_model(teacher.path), TextEncoder(teacher.path)
    held_out = None
    if texts := ctx.data.get("validation"):
        asked = Asked(teaches, TokenRows.of(texts, teacher_reads), Wanted(), "fp32")
        answers = teacher_signals(asked, ctx.scratch / "validation-signals", ctx.progress)
        held_out = replace(TokenRows.of(texts, reads), labels=decisions(answers.logits))
    return Pair(student, reads, teaches, teacher_reads, held_out)


def _teach(pair: Pair, part: Part, settings: Distill, ctx: StageContext) -> dict[str, Any]:
    """Ask the teacher once, train the student in place, and tell how it went."""
    texts = ctx.data[part.role]
    rows = TokenRows.of(texts, pair.student_reads)
    asked = TokenRows.of(texts, pair.teacher_reads)
    wanted = choose_states(pair, part.objective, rows, asked)
    began = time.monotonic()
    signals = teacher_signals(
        Asked(pair.teacher, asked, wanted, choose_precision(settings.precision)),
        ctx.scratch / f"{part.role}-signals",
        ctx.progress,
    )
    teacher_s = time.monotonic() - began
    loss = distilling(part.objective, signals)
    task = Task(part.role, rows, pair.held_out, loss, part.epochs, "agreement with the teacher")
    trained = train(pair.student, task, settings, ctx)
    return {
        **asdict(trained),
        "teacher_s": round(teacher_s, 2),
        "truncated_share": round(rows.truncated_share, 4),
    }


def choose_states(pair: Pair, objective: Objective, rows: TokenRows, asked: TokenRows) -> Wanted:
    """Which inner states of the teacher the objective needs, one for each of the student's.

    Raises:
        StageError: student and teacher do not read the same tokens, or a pair of mapped states
            has two widths, or two numbers of heads.
    """
    if not (objective.hidden or objective.attention):
        return Wanted()
    _require_same_tokens(rows, asked)
    widths, heads = _sizes(pair.student, rows)
    their_widths, their_heads = _sizes(pair.teacher, rows)
    states = state_map(len(heads), len(their_heads))
    maps = [max(state - 1, 0) for state in states[1:]]  # state 1 comes out of layer 0
    if objective.hidden:
        _require_equal("hidden", "wide", widths, [their_widths[state] for state in states])
    if objective.attention:
        _require_equal("attention", "heads", heads, [their_heads[layer] for layer in maps])
    return Wanted(states if objective.hidden else (), maps if objective.attention else ())


@torch.inference_mode()
def _sizes(model: Classifier, rows: TokenRows) -> tuple[list[int], list[int]]:
    """Width of each hidden state, and heads of each layer, as one text shows them.

    The class of a teacher need not tell them otherwise.
    """
    shortest = rows.lengths.argsort()[:1]
    output: Output = model.eval()(*rows.batch(shortest).inputs, hidden=True, attention=True)
    widths = [state.shape[2] for state in output.hidden or ()]
    return widths, [maps.shape[1] for maps in output.attention or ()]


def _require_parts(objective: Objective) -> None:
    if not (objective.logits or objective.labels or objective.hidden or objective.attention):
        raise StageError("distill.objective: every part has weight 0; give one of them a weight")


def _require_same_tokens(rows: TokenRows, asked: TokenRows) -> None:
    for ours, theirs, origin in zip(rows.encoded, asked.encoded, rows.origins, strict=True):
        if ours.ids != theirs.ids:
            raise StageError(
                f"distill.objective: student and teacher read {origin} as {len(ours.ids)} and "
                f"{len(theirs.ids)} tokens, or as different ones; hidden and attention need one "
                "tokenizer and one max_length, logits do not"
            )


def _require_equal(part: str, unit: str, ours: Sequence[int], theirs: Sequence[int]) -> None:
    for state, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        if our != their:
            raise StageError(
                f"distill.objective.{part}: state {state} of the student is {our} {unit}, "
                f"its teacher's is {their}; take `weights` of that width, or weight 0"
            )
