"""A student learns from a teacher: who reads what, which inner states are matched, and when.

Every stage that trains a student does it here.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import torch

from edgecompress.core.artifact import Artifact
from edgecompress.core.case import FloatArray, Keep
from edgecompress.core.errors import StageError
from edgecompress.core.ranks import lead_first
from edgecompress.core.texts import TextSet
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.classifier import Classifier, Output
from edgecompress.recipe.adversarial import EXAMPLES
from edgecompress.recipe.learning import Student
from edgecompress.recipe.objective import Objective
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.adversary import hardened
from edgecompress.training.batches import TokenRows
from edgecompress.training.emphasis import row_weights, smoothed
from edgecompress.training.examples import load_examples, with_examples
from edgecompress.training.loop import StepHook, Task, train
from edgecompress.training.objectives import Loss, distilling, state_map
from edgecompress.training.precision import Precision, choose_precision
from edgecompress.training.scores import load_scores
from edgecompress.training.signals import (
    UNASKED,
    Asked,
    Signals,
    Wanted,
    read_signals,
    teacher_signals,
    write_signals,
)
from edgecompress.training.surroundings import Surroundings
from edgecompress.training.validation import Examination, Loyalty

VERSION = 1  # of what a teacher's kept answers hang on
DIFFICULTY = "difficulty"  # the kind of the stage whose scores an objective may ask for


class Classroom(Surroundings, Protocol):
    """What teaching needs to know of the run that it is part of; a StageContext is one."""

    @property
    def data(self) -> Mapping[str, TextSet]:
        """The roles that may be learnt from, and `validation`."""

    @property
    def keep(self) -> Keep | None:
        """Keeps what other students of the same teacher need as well."""

    @property
    def aside(self) -> Mapping[str, Artifact]:
        """Side artifacts of earlier stages, by their kind."""


@dataclass(frozen=True)
class Pair:
    """Who learns from whom; each reads texts by its own tokenizer."""

    student: Classifier
    student_reads: TextEncoder
    teacher: Classifier
    teacher_reads: TextEncoder
    teacher_digest: str
    held_out: Loyalty | None  # on the validation rows


@dataclass(frozen=True)
class Part:
    """One part of the training: which texts, for how long, and what to match."""

    role: str
    epochs: int
    objective: Objective
    name: str | None = None  # of the bar and the checkpoints, where the role does not tell
    hook: StepHook | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class Prepared:
    """A part that the teacher has said everything about."""

    part: Part
    rows: TokenRows  # as the student reads them
    loss: Loss
    teacher_s: float  # the time it took


def meet(student: Classifier, reads: TextEncoder, teacher: Artifact, room: Classroom) -> Pair:
    """Bring student and teacher together.

    The best epoch is the one whose answers to the validation rows are closest to the teacher's,
    since that is what a student is for.
    """
    torch.set_num_threads(room.threads)  # sums come out otherwise with another number
    teaches, teacher_reads = load_model(teacher.path), TextEncoder(teacher.path)
    pair = Pair(student, reads, teaches, teacher_reads, teacher.digest, None)
    if texts := room.data.get("validation"):
        answers = logits_of(pair, texts, room, "fp32")
        pair = replace(pair, held_out=Loyalty(TokenRows.of(texts, reads), answers))
    return pair


def teach(pair: Pair, part: Part, settings: Student, room: Classroom) -> dict[str, Any]:
    """Ask the teacher once, train the student in place, and tell how it went."""
    return learn(pair, prepare(pair, part, settings, room), settings, room)


def teach_everything(pair: Pair, settings: Student, room: Classroom) -> dict[str, Any]:
    """Train on unlabelled texts where there are any, then on `train`, and tell how it went.

    The teacher answers all of it before the first is learnt.
    """
    parts = [Part("train", settings.epochs, settings.objective)]
    if "transfer" in room.data and settings.transfer_epochs:
        unlabelled = settings.objective.on_unlabelled()
        parts.insert(0, Part("transfer", settings.transfer_epochs, unlabelled))
    prepared = [prepare(pair, part, settings, room) for part in parts]
    told = {ready.part.role: learn(pair, ready, settings, room) for ready in prepared}
    of_train = told.pop("train")
    return {**told, **of_train}


def prepare(pair: Pair, part: Part, settings: Student, room: Classroom) -> Prepared:
    """Ask the teacher; whoever has several parts prepares all of them before the first is learnt.

    Raises:
        StageError: the objective asks for states that one of the two does not have.
        IntegrityError: it asks for difficulty or for adversarial examples, and those that there
            are belong to other rows.
    """
    texts, objective = room.data[part.role], part.objective
    rows = TokenRows.of(texts, pair.student_reads)
    scores = load_scores(room.aside[DIFFICULTY].path, texts) if objective.wants_difficulty else None
    began = time.monotonic()
    signals = _hear(pair, part, rows, settings, room) if objective.asks_teacher else UNASKED
    teacher_s = round(time.monotonic() - began, 2)
    if objective.logits:
        signals = replace(signals, logits=smoothed(signals.logits, objective.smooth, scores))
    weights = row_weights(objective.reweight, scores)
    if settings.adversarial_examples and part.role == "train":
        found = load_examples(room.aside[EXAMPLES].path, texts)
        rows, speaks = with_examples(rows, found, pair.student_reads)
        weights = None if weights is None else weights[speaks]
        if objective.asks_teacher:
            signals = replace(signals, logits=signals.logits[speaks])
    loss = distilling(objective, signals, weights)
    if settings.adversarial_radius:
        loss = hardened(loss, settings.adversarial_radius)
    return Prepared(part, rows, loss, teacher_s)


def _hear(pair: Pair, part: Part, rows: TokenRows, settings: Student, room: Classroom) -> Signals:
    """What the teacher says of the part's texts, inner states where the objective needs them."""
    asked = TokenRows.of(room.data[part.role], pair.teacher_reads)
    wanted = choose_states(pair, part.objective, rows, asked)
    teacher = _in_our_class(pair.teacher) if wanted.relations else pair.teacher
    precision = choose_precision(settings.precision)
    return ask(Asked(teacher, asked, wanted, precision), pair, room.data[part.role], room)


def logits_of(pair: Pair, texts: TextSet, room: Classroom, precision: Precision) -> FloatArray:
    """What the pair's teacher answers to these texts, [n, classes]."""
    asked = Asked(pair.teacher, TokenRows.of(texts, pair.teacher_reads), Wanted(), precision)
    return ask(asked, pair, texts, room).logits


def ask(asked: Asked, pair: Pair, texts: TextSet, room: Classroom) -> Signals:
    """What the pair's teacher says of these texts.

    Logits are kept for every student of this teacher; inner states would fill the store.
    """
    with lead_first(room.ranks):
        if room.keep is None or asked.wanted.states:
            folder = room.scratch / f"{texts.name}-{asked.wanted.name}"
            return teacher_signals(asked, folder, room.progress)
        told = {
            "kind": "teacher-answers",
            "version": VERSION,
            "teacher": pair.teacher_digest,
            "texts": texts.digest,
            "max_length": pair.teacher_reads.max_length,
            "precision": asked.precision,
            "threads": room.threads,
        }
        kept = room.keep(told, lambda draft, _: write_signals(asked, draft, room.progress))
        return read_signals(asked, kept)


def learn(pair: Pair, prepared: Prepared, settings: Student, room: Classroom) -> dict[str, Any]:
    """Train the student in place, and tell how it went."""
    part = prepared.part
    exam: Examination | None = pair.held_out
    if pair.held_out and not part.objective.logits:
        exam = pair.held_out.agreement
    name = part.name or part.role
    task = Task(name, prepared.rows, exam, prepared.loss, part.epochs, part.hook, part.span)
    trained = train(pair.student, task, settings, room)
    return {
        **asdict(trained),
        "teacher_s": prepared.teacher_s,
        "truncated_share": round(prepared.rows.truncated_share, 4),
    }


def choose_states(pair: Pair, objective: Objective, rows: TokenRows, asked: TokenRows) -> Wanted:
    """Which inner states of the teacher the objective needs, one for each of the student's.

    Raises:
        StageError: student and teacher do not read the same tokens, or a pair of mapped states
            has two widths, or two numbers of heads.
    """
    if not objective.wants_states:
        return Wanted()
    _require_same_tokens(pair, rows, asked)
    if not (objective.hidden or objective.attention):
        return Wanted(relations=True)
    widths, heads = _sizes(pair.student, rows)
    their_widths, their_heads = _sizes(pair.teacher, asked)
    states = state_map(len(widths) - 1, len(their_widths) - 1)
    maps = [max(state - 1, 0) for state in states[1:]]  # state 1 comes out of layer 0
    if objective.hidden:
        _require_equal("hidden", "wide", widths, [their_widths[state] for state in states])
    if objective.attention:
        _require_equal("attention", "heads", heads, [their_heads[layer] for layer in maps])
    return Wanted(
        states if objective.hidden else (),
        maps if objective.attention else (),
        relations=objective.relations > 0,
    )


def _in_our_class(teacher: Classifier) -> Classifier:
    """The same network, whose queries, keys and values can be seen."""
    try:
        return as_encoder(teacher)
    except StageError as error:
        raise StageError(f"objective.relations: {error}") from error


@torch.inference_mode()
def _sizes(model: Classifier, rows: TokenRows) -> tuple[list[int], list[int]]:
    """Width of each hidden state, and heads of each layer, as one text shows them.

    The class of a teacher need not tell them otherwise.
    """
    shortest = rows.lengths.argsort()[:1]
    output: Output = model.eval()(*rows.batch(shortest).inputs, hidden=True, attention=True)
    widths = [state.shape[2] for state in output.hidden or ()]
    return widths, [maps.shape[1] for maps in output.attention or ()]


def require_parts(objective: Objective) -> None:
    """Refuse an objective that would teach nothing.

    Raises:
        StageError: every weight is 0.
    """
    if not any(objective.parts):
        raise StageError("objective: every part has weight 0; give one of them a weight")


def _require_same_tokens(pair: Pair, rows: TokenRows, asked: TokenRows) -> None:
    """The pieces count, not their numbers: a cut vocabulary numbers the same pieces anew."""
    our_pieces, their_pieces = _pieces(pair.student_reads), _pieces(pair.teacher_reads)
    for ours, theirs, origin in zip(rows.encoded, asked.encoded, rows.origins, strict=True):
        if [our_pieces[i] for i in ours.ids] != [their_pieces[i] for i in theirs.ids]:
            raise StageError(
                f"objective: student and teacher read {origin} as {len(ours.ids)} and "
                f"{len(theirs.ids)} tokens, or as different ones; hidden, attention and relations "
                "need the same pieces and one max_length, logits do not"
            )


def _pieces(reads: TextEncoder) -> dict[int, str]:
    return {number: piece for piece, number in reads.vocabulary.items()}


def _require_equal(part: str, unit: str, ours: Sequence[int], theirs: Sequence[int]) -> None:
    for state, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        if our != their:
            raise StageError(
                f"objective.{part}: state {state} of the student is {our} {unit}, "
                f"its teacher's is {their}; take `weights` of that width, or weight 0"
            )
