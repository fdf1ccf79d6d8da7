"""Stage `prune`: a narrower, shallower or sparser student, which learns while it is cut."""

import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.errors import StageError
from edgecompress.core.ranks import lead_first
from edgecompress.core.texts import TextSet
from edgecompress.data.draws import draw
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.latency_table import LatencyTable, measure_layers
from edgecompress.recipe.shrinking import Prune
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.store.sealing import write_durably
from edgecompress.training.batches import TokenRows
from edgecompress.training.checkpoints import Checkpoint, Checkpoints
from edgecompress.training.cutting import Cutter
from edgecompress.training.importance import deciding
from edgecompress.training.precision import choose_precision
from edgecompress.training.rounds import Course, Leg, plan_cuts, plan_legs
from edgecompress.training.sparsity import KeepZeros, sparsity_of
from edgecompress.training.teaching import (
    Pair,
    Part,
    logits_of,
    meet,
    require_parts,
    teach,
)
from edgecompress.training.widths import kept_layers

Told = list[dict[str, Any]]
"""What is told of each leg; JSON values only."""


def run(model: Artifact, settings: Prune, ctx: StageContext) -> Facts:
    """Cut what matters least, at once or in rounds; what is left learns to answer as its teacher.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: the model is smaller than what is asked for, or cannot be as fast; an objective
            without parts; more cuts than steps; no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    require_parts(settings.objective)
    torch.set_num_threads(ctx.threads)
    teacher = ctx.whoever_teaches(settings, model)
    whole = as_encoder(load_model(model.path))
    whole.require_room(settings.max_length)
    require_sizes(settings, whole.config)
    depth = whole.config.layers
    cuts = plan_cuts(settings, depth, len(kept_layers(settings.layers, depth)))
    legs = plan_legs(cuts, _courses(settings, ctx), settings) if settings.epochs else []
    pair = meet(whole, TextEncoder(model.path, settings.max_length), teacher, ctx)
    cutter = _cutter(pair, whole.config, settings, ctx)
    student, told = _learn(pair, legs, cutter, ctx) if legs else (cutter.cut(whole, cuts[0]), [])
    save_model(student, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {**_facts(student, cutter), **_summary(told)}


def require_sizes(settings: Prune, config: EncoderConfig) -> None:
    """Refuse to keep more than there is.

    Raises:
        StageError: with both numbers.
    """
    layers = settings.layers
    if isinstance(layers, int) and layers > config.layers:
        raise StageError(f"prune.layers: got {layers}; the model has {config.layers}")
    if isinstance(layers, tuple) and max(layers) >= config.layers:
        raise StageError(
            f"prune.layers: got {list(layers)}; the model has layers 0 to {config.layers - 1}"
        )
    kept = kept_layers(layers, config.layers)
    for name, there in (("heads", config.heads), ("intermediate", config.intermediate)):
        asked = getattr(settings, name)
        if isinstance(asked, int) and asked > max(there):
            raise StageError(f"prune.{name}: got {asked}; the model has {max(there)}")
        if isinstance(asked, tuple):
            _require_each(name, asked, [there[layer] for layer in kept])


def _require_each(name: str, asked: Sequence[int | float], there: Sequence[int]) -> None:
    """A number for each layer that stays, none above what the layer has."""
    if len(asked) != len(there):
        raise StageError(f"prune.{name}: got {len(asked)} numbers for {len(there)} kept layers")
    if any(number > most for number, most in zip(asked, there, strict=True)):
        raise StageError(f"prune.{name}: got {list(asked)}; these layers have {list(there)}")


def _cutter(pair: Pair, full: EncoderConfig, settings: Prune, ctx: StageContext) -> Cutter:
    """With the rows to score drawn, and what else the cuts need to know."""
    texts = ctx.data["train"]
    drawn = draw(texts.labels, min(settings.scoring_rows, len(texts)), f"{ctx.seed} prune")
    few = _take(texts, drawn.tolist())
    if _will_learn_them(settings):
        answers = logits_of(pair, texts, ctx, choose_precision(settings.precision))[drawn]
    else:
        answers = logits_of(pair, few, ctx, "fp32")
    rows = TokenRows.of(few, pair.student_reads)
    with lead_first(ctx.ranks):
        table = _table(full, rows, ctx) if settings.speedup else None
    loss = deciding(settings.objective, answers)
    return Cutter(settings, full, rows, loss, table, ctx.seed, ctx.progress)


def _will_learn_them(settings: Prune) -> bool:
    """Whether the student will learn the teacher's logits of `train`: then it is asked but once."""
    learnt = settings.objective
    return settings.epochs > 0 and learnt.asks_teacher and not learnt.wants_states


def _take(texts: TextSet, places: Sequence[int]) -> TextSet:
    """A part of the texts, in a TextSet of its own."""
    told = f"{texts.digest}: {places}"
    return replace(
        texts,
        name="scoring",
        digest=hashlib.sha256(told.encode()).hexdigest(),
        texts=tuple(texts.texts[place] for place in places),
        labels=texts.labels[places],
        origins=tuple(texts.origins[place] for place in places),
    )


def _table(full: EncoderConfig, rows: TokenRows, ctx: StageContext) -> LatencyTable:
    """Measured once: another measurement after a kill could cut elsewhere."""
    kept = ctx.scratch / "latency.json"
    if not kept.is_file():
        table = measure_layers(full, rows.lengths, ctx.progress)
        write_durably(kept, json.dumps(table.to_json()))
    return LatencyTable.from_json(json.loads(kept.read_text(encoding="utf-8")))


def _courses(settings: Prune, ctx: StageContext) -> list[Course]:
    """Transfer texts where there are any, then the training texts."""
    epochs = {"transfer": settings.transfer_epochs, "train": settings.epochs}
    return [
        Course(role, count, count * math.ceil(len(ctx.data[role]) / settings.batch_size))
        for role, count in epochs.items()
        if role in ctx.data and count
    ]


def _learn(
    pair: Pair, legs: Sequence[Leg], cutter: Cutter, ctx: StageContext
) -> tuple[Encoder, Told]:
    """Cut and train, leg by leg, from where an earlier run was killed.

    The network at the start of a leg is kept, and with it all that came before can go. Where
    several processes learn, the others read it too: cutting it themselves, on another kind of CPU,
    they might find other parts the least important.
    """
    points = Checkpoints(ctx.scratch / "cuts")
    with lead_first(ctx.ranks):
        start, student, told = _resume(points, ctx) or (-1, as_encoder(pair.student), [])
    for number, leg in enumerate(legs):
        if number > start:
            with lead_first(ctx.ranks):
                if ctx.ranks.number:
                    _, student, told = _resume(points, ctx) or (start, student, told)
                else:
                    student = cutter.cut(student, leg.cut) if leg.cut else student
                    state = {"leg": number, "encoder": student.config.to_json(), "told": told}
                    points.save(Checkpoint({"weights": student.state_dict()}, state))
                    for done in legs[:number]:
                        shutil.rmtree(ctx.scratch / done.name, ignore_errors=True)
        if number >= start:
            told = [*told, _teach(replace(pair, student=student), leg, cutter.settings, ctx)]
    return student, told


def _resume(points: Checkpoints, ctx: StageContext) -> tuple[int, Encoder, Told] | None:
    found = points.newest(ctx.progress)
    if found is None:
        return None
    student = Encoder(EncoderConfig.from_json(found.state["encoder"]))
    student.load_state_dict(found.tensors["weights"])
    return found.state["leg"], student, found.state["told"]


def _teach(pair: Pair, leg: Leg, settings: Prune, ctx: StageContext) -> dict[str, Any]:
    """One leg. Before the last cut no epoch is the best: what comes later would be lost."""
    course, student = leg.course, as_encoder(pair.student)
    objective = settings.objective
    if course.role == "transfer":
        objective = objective.on_unlabelled()
    hook = KeepZeros(student) if settings.sparsity is not None else None
    part = Part(course.role, course.epochs, objective, leg.name, hook, leg.span)
    if not leg.final:
        pair = replace(pair, held_out=None)
    sizes = {"heads": list(student.config.heads), "intermediate": list(student.config.intermediate)}
    return {
        "role": course.role,
        "steps_from": leg.span[0],
        **sizes,
        **teach(pair, part, settings, ctx),
    }


def _facts(student: Encoder, cutter: Cutter) -> dict[str, Any]:
    """What is left, and what it was chosen by."""
    full, left, settings = cutter.full, student.config, cutter.settings
    facts: dict[str, Any] = {
        "layers_kept": list(kept_layers(settings.layers, full.layers)),
        "layers_of": full.layers,
        "heads": list(left.heads),
        "intermediate": list(left.intermediate),
        "params": student.params,
        "rows_scored": len(cutter.rows),
    }
    if cutter.table:
        before, after = cutter.table.layers_ms(full), cutter.table.layers_ms(left)
        facts["latency"] = {
            "layers_ms_before": before,
            "layers_ms": after,
            "times_faster": before / after,
            "asked": settings.speedup,
            "table": cutter.table.to_json(),
        }
    if settings.sparsity is not None:
        facts["sparsity"] = {"share": sparsity_of(student), "faster": "no: zeros are computed too"}
    return facts


def _summary(told: Told) -> dict[str, Any]:
    """The last leg's, with what adds up over all legs."""
    if not told:
        return {}
    sums = {key: sum(leg[key] for leg in told) for key in ("steps", "training_s", "teacher_s")}
    return {**told[-1], **sums, "legs": told}
