"""Stage `theseus`: single layers take the place of modules, at random, until only they are left."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.theseus import Hybrid, module_sizes
from edgecompress.recipe.learning import Replacing, Theseus
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext
from edgecompress.training.teaching import Pair, Part, learn, meet, prepare, require_parts

GATES = 2002  # sets these draws apart from others; not 0, which numpy takes for no number at all
BLEND_HALF_WAY = 0.7  # weight of the successor at half of the replacing


def run(model: Artifact, settings: Theseus, ctx: StageContext) -> Facts:
    """Train the successor among modules of the model that came in, then alone, and keep it.

    Unlabelled `transfer` texts come before `train` and teach by the teacher's logits; with no
    weight on `logits` they have nothing to teach, and are left out. Replacing goes on over both.

    Raises:
        IntegrityError: a model's files are missing, broken, refused, or do not fit each other.
        StageError: modules that do not fit the model, an objective without parts, inner states of
            other widths or other tokens, or no positions for `max_length` tokens.
        TrainingDiverged: a loss or a gradient is not finite.
    """
    require_parts(settings.objective)
    predecessor = as_encoder(load_model(model.path))
    predecessor.require_room(settings.max_length)
    sizes = module_sizes(settings.modules, predecessor.config.layers)
    hybrid = Hybrid(predecessor, sizes, settings.start)
    teacher = ctx.whoever_teaches(settings, model)
    pair = meet(hybrid, TextEncoder(model.path, settings.max_length), teacher, ctx)
    facts: dict[str, Any] = {"module_layers": list(sizes), "layers_of": predecessor.config.layers}
    facts |= _learn(pair, hybrid, settings, ctx)
    successor = hybrid.successor()
    save_model(successor, ctx.out)
    copy_tokenizer(model.path, ctx.out, settings.max_length)
    return {**facts, "params": successor.params}


def _learn(pair: Pair, hybrid: Hybrid, settings: Theseus, ctx: StageContext) -> dict[str, Any]:
    """Train stretch by stretch, once the teacher has answered all texts.

    Each starts from the best epoch of the one before it; that of the last one is kept.
    """
    parts = parts_of(settings, ctx)
    steps = sum(count for _, count in parts)
    planned = list(stretches(settings, parts))
    prepared = []
    for stretch in planned:
        hook = Gates(hybrid, settings.replacing, ctx.seed, stretch.before, steps)
        prepared.append(prepare(pair, replace(stretch.part, hook=hook), settings, ctx))
    told: dict[str, dict[str, Any]] = {}
    for stretch, ready in zip(planned, prepared, strict=True):
        hybrid.train_rest(stretch.trains_rest)
        told[stretch.name] = learn(pair, ready, settings, ctx)
    _, last = told.popitem()
    return {
        "rate_at_start": successor_share(settings.replacing, 0, steps),
        "replacing_steps": replacing_steps(settings.replacing, steps),
        **told,
        **last,
    }


def replacing_steps(replacing: Replacing, steps: int) -> int:
    """How many of all steps replace; from then on the successor is alone."""
    return max(1, round(replacing.share * steps))


def successor_share(replacing: Replacing, step: int, steps: int) -> float:
    """How likely a module is replaced at a step counted from 0; of a blend, by how much.

    The curriculum is p = min(1, k t + b) of the paper's section 3.3, with k such that p is 1 once
    `share` of all steps is done; its counterpart is 1 - p until then. A blend gives the successor
    0 to 0.7 over the first half of the replacing, and 0.7 to 1 over the second.
    """
    way = step / replacing_steps(replacing, steps)
    if way >= 1:
        return 1.0
    climbing = replacing.rate + (1 - replacing.rate) * way
    if replacing.schedule == "curriculum":
        return climbing
    if replacing.schedule == "anti-curriculum":
        return 1 - climbing
    if replacing.schedule == "blend":
        return float(np.interp(way, (0, 0.5, 1), (0, BLEND_HALF_WAY, 1)))
    return replacing.rate


def draw_gates(rate: float, modules: int, seed: int, step: int) -> list[bool]:
    """Which modules a step replaces: drawn once for its whole batch, each with chance `rate`.

    A pure function of its arguments, so every process of a training draws the same, a resumed one
    draws what it drew before, and neither dropout nor the order of the data is touched.
    """
    chance = np.random.default_rng((seed, step, GATES))
    return [bool(drawn) for drawn in chance.random(modules) < rate]


@dataclass(frozen=True)
class Gates:
    """A StepHook that opens and closes the modules of a hybrid."""

    hybrid: Hybrid
    replacing: Replacing
    seed: int
    steps_before: int  # of earlier parts of the training
    steps_of_all: int

    def before(self, step: int, steps: int) -> None:
        """Draw for this step; a blend draws nothing."""
        at = self.steps_before + step
        share = successor_share(self.replacing, at, self.steps_of_all)
        modules = len(self.hybrid.replaceable)
        weights: Sequence[float] = [share] * modules
        if self.replacing.schedule != "blend":
            weights = draw_gates(share, modules, self.seed, at)
        self.hybrid.replace(weights)

    def after(self, step: int, steps: int) -> None:
        """Leave everything to the next step."""


@dataclass(frozen=True)
class Stretch:
    """What is trained without a change of which weights are."""

    part: Part
    before: int  # steps of the parts before its own
    trains_rest: bool

    @property
    def name(self) -> str:
        """Of its bar, its checkpoints and its facts."""
        return self.part.name or self.part.role


def parts_of(settings: Theseus, ctx: StageContext) -> list[tuple[Part, int]]:
    """The parts of the training in their order, with the steps of each."""
    parts = [Part("train", settings.epochs, settings.objective)]
    if "transfer" in ctx.data and settings.transfer_epochs and settings.objective.logits:
        unlabelled = settings.objective.on_unlabelled()
        parts.insert(0, Part("transfer", settings.transfer_epochs, unlabelled))
    return [
        (part, part.epochs * math.ceil(len(ctx.data[part.role]) / settings.batch_size))
        for part in parts
    ]


def stretches(settings: Theseus, parts: Sequence[tuple[Part, int]]) -> Iterator[Stretch]:
    """The parts; where `rest` is `late`, the one in which replacing ends is cut there."""
    replacing = replacing_steps(settings.replacing, sum(steps for _, steps in parts))
    late, before = settings.rest == "late", 0
    for part, steps in parts:
        cut = replacing - before
        if late and 0 < cut < steps:
            first = replace(part, name=f"{part.role}-replacing", span=(0, cut))
            yield Stretch(first, before, trains_rest=False)
            alone = replace(part, name=f"{part.role}-alone", span=(cut, steps))
            yield Stretch(alone, before, trains_rest=True)
        else:
            trained = settings.rest == "trained" or (late and cut <= 0)
            yield Stretch(part, before, trained)
        before += steps
