"""What pruned models answer to each text, from which its difficulty is told.

Three ways to prune, one result. Answers are kept below `scratch` as soon as a model has given them
all, so a stage that was killed goes on with the model that it was at.
"""

import copy
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from edgecompress.core.case import FloatArray
from edgecompress.core.errors import StageError
from edgecompress.core.ranks import lead_first
from edgecompress.models.encoder import Encoder
from edgecompress.recipe.learning import Difficulty
from edgecompress.training.batches import TokenRows
from edgecompress.training.loop import StepHook, Task, train
from edgecompress.training.objectives import supervised
from edgecompress.training.signals import Asked, Wanted, teacher_signals
from edgecompress.training.sparsity import Gradual, KeepZeros, prune_to
from edgecompress.training.surroundings import Surroundings

Answers = Mapping[str, FloatArray]
"""Logits [n, classes] of one model, by role."""

PRUNING_SHARE = 0.5  # of the steps of a run; the other half trains what is left


@dataclass(frozen=True)
class Inquiry:
    """Which model is pruned, and which texts are put to what is left of it."""

    encoder: Encoder  # stays as it is
    rows: Mapping[str, TokenRows]  # by role; `train` is also what models are trained on
    settings: Difficulty
    around: Surroundings

    def unpruned(self) -> Answers:
        """Of the model as it came in, in fp32 and without dropout, as all answers here."""
        return self._kept("unpruned", lambda: self.encoder)

    def pruned(self) -> list[Answers]:
        """Of the model at each of the settings' sparsities, in their order.

        Raises:
            StageError: one training has too few steps to stop at every sparsity.
            TrainingDiverged: a loss or a gradient is not finite.
        """
        make = METHODS[self.settings.method]
        return [
            self._kept(f"at {sparsity}", partial(make, self, place))
            for place, sparsity in enumerate(self.settings.sparsities)
        ]

    def _kept(self, name: str, make: Callable[[], Encoder]) -> Answers:
        """The answers of this name; the model is made only where some are missing."""
        kept = {role: self.around.scratch / f"{role}-answers-{name}" for role in self.rows}
        finished = all(folder.is_dir() for folder in kept.values())
        model = self.encoder if finished else make()
        with lead_first(self.around.ranks):
            return {
                role: teacher_signals(
                    Asked(model, rows, Wanted(), "fp32", f"{role} texts, model {name}"),
                    kept[role],
                    self.around.progress,
                ).logits
                for role, rows in self.rows.items()
            }

    def copied(self) -> Encoder:
        """A copy to be pruned, whose embeddings no training moves."""
        model = copy.deepcopy(self.encoder)
        model.embeddings.requires_grad_(requires_grad=False)
        return model

    def task(self, place: int, hook: StepHook) -> Task:
        """The training at this place; without validation, so that its last weights count.

        Earlier ones may answer better, but are not yet as sparse.
        """
        epochs = self.settings.epochs
        return Task(self._name(place), self.rows["train"], None, supervised, epochs, hook=hook)

    def forget(self, place: int) -> None:
        """Remove the checkpoints of the training at this place, which are large."""
        if place >= 0:
            shutil.rmtree(self.around.scratch / self._name(place), ignore_errors=True)

    def _name(self, place: int) -> str:
        return f"prune to {self.settings.sparsities[place]}"


def _one_shot(inquiry: Inquiry, place: int) -> Encoder:
    """The model pruned, and nothing learnt after it."""
    model = inquiry.copied()
    prune_to(model, inquiry.settings.sparsities[place])
    return model


def _run(inquiry: Inquiry, place: int) -> Encoder:
    """A training of its own, in whose first half the sparsity rises."""
    inquiry.forget(place - 1)
    model = inquiry.copied()
    hook = Gradual(model, inquiry.settings.sparsities[place], PRUNING_SHARE)
    train(model, inquiry.task(place, hook), inquiry.settings, inquiry.around)
    return model


def _stop(inquiry: Inquiry, place: int) -> Encoder:
    """One span of the one training, which is cut deeper at the start of each.

    Where the span before has ended, training it again reads its last checkpoint; those of the
    spans before that are not needed any more.
    """
    inquiry.forget(place - 2)
    settings, model = inquiry.settings, inquiry.copied()
    for now in range(max(place - 1, 0), place + 1):
        prune_to(model, settings.sparsities[now])
        task = inquiry.task(now, KeepZeros(model))
        span = _span(task.steps(settings.batch_size), now, len(settings.sparsities))
        train(model, replace(task, span=span), settings, inquiry.around)
    return model


def _span(steps: int, place: int, stops: int) -> tuple[int, int]:
    """The steps [first, last) before this stop; every span has about as many.

    Raises:
        StageError: there are fewer steps than stops.
    """
    if steps < stops:
        raise StageError(
            f"difficulty: {steps} steps of training cannot stop at {stops} sparsities; "
            "ask for more epochs, smaller batches, or method: one-shot"
        )
    return place * steps // stops, (place + 1) * steps // stops


METHODS: Mapping[str, Callable[[Inquiry, int], Encoder]] = {
    "one-shot": _one_shot,
    "runs": _run,
    "gradual": _stop,
}
