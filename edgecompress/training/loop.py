"""The one training loop: it can be killed anywhere, and ends with the weights of an unbroken run.

One pass over a step: forward and loss in the chosen precision, backward, clip, AdamW. Validation
is in fp32, so that the best score told is that of the weights saved.
"""

import math
import time
from dataclasses import asdict, dataclass
from typing import Protocol

import torch
from torch import Tensor

from edgecompress.core.case import IntArray
from edgecompress.core.errors import TrainingDiverged
from edgecompress.core.progress import Tracker
from edgecompress.core.ranks import lead_first, lead_says
from edgecompress.models.classifier import Classifier
from edgecompress.recipe.stage import TrainingSettings
from edgecompress.training.batches import TokenRows, epoch_batches
from edgecompress.training.chance import capture_chance, restore_chance, seed_chance, seed_of_step
from edgecompress.training.checkpoints import Checkpoint, Checkpoints
from edgecompress.training.dropout import training_dropout
from edgecompress.training.memory import keep_memory
from edgecompress.training.objectives import Loss
from edgecompress.training.optimizer import (
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)
from edgecompress.training.precision import accelerator, choose_precision
from edgecompress.training.schedules import rate_factor
from edgecompress.training.shares import add_up, own_rows, take_leads_weights
from edgecompress.training.surroundings import Surroundings
from edgecompress.training.validation import Examination

ORIGINS_TOLD = 5


class StepHook(Protocol):
    """What a stage does to its model around each optimizer step.

    It must work out everything from the step's number and the weights, and keep nothing: then a
    resumed training, and every process of a parallel one, sees the same.
    """

    def before(self, step: int, steps: int) -> None:
        """Step number `step`, counted from 0, of `steps` is about to be taken."""

    def after(self, step: int, steps: int) -> None:
        """The optimizer has moved the weights."""


@dataclass(frozen=True)
class Task:
    """What is to be learnt.

    A training may come in spans, between which the model changes its shape: each is a task of its
    own name with the same rows and epochs, and takes up the data and the learning rate where the
    one before ended.
    """

    name: str  # of the bar, and of the folder of checkpoints
    rows: TokenRows
    validation: Examination | None  # without it the last weights are the best
    loss: Loss
    epochs: int
    hook: StepHook | None = None
    span: tuple[int, int] | None = None  # steps [first, last) of all; None is the whole training

    def steps(self, batch_size: int) -> int:
        """Of all epochs."""
        return self.epochs * math.ceil(len(self.rows) / batch_size)


@dataclass(frozen=True)
class Trained:
    """How a training went."""

    epochs: int  # run; fewer than asked for where patience ended it
    steps: int
    best_epoch: int  # counted from 1; its weights are kept
    best_validation: float | None  # its score in the examination
    tokens: int  # read, without padding
    tokens_per_s: float  # without the time of validation and checkpoints
    training_s: float  # of the steps
    precision: str
    processes: int  # that shared each batch


@dataclass
class Position:
    """How far a training has come; JSON values only."""

    step: int = 0  # of all spans
    epoch: int = 0  # whole ones
    batch: int = 0  # of the epoch under way, done
    tokens: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_validation: float | None = None
    finished: bool = False


def train(
    model: Classifier, task: Task, settings: TrainingSettings, around: Surroundings
) -> Trained:
    """Train `model` in place, from the last complete checkpoint if there is one.

    It ends with the weights of its best epoch, in evaluation mode. Weights that need no gradient
    stay as they are. Same seed, settings, rows, and numbers of threads and processes: same weights,
    to the bit, however often it was killed.

    Raises:
        TrainingDiverged: a loss or a gradient is not finite; no weight has been touched by it.
    """
    torch.set_num_threads(around.threads)
    keep_memory()
    training = _Training(model, task, settings, around)
    training.resume()
    track = around.progress.track(task.name, training.last - training.first, "steps")
    with training_dropout(model, settings.dropout), track as bar:
        bar.advance(training.at.step - training.first)
        while not training.at.finished:
            training.run_epoch(bar)
            training.end_epoch()
    model.load_state_dict(training.best)
    model.eval()
    return training.told()


class _Training:
    def __init__(
        self, model: Classifier, task: Task, settings: TrainingSettings, around: Surroundings
    ) -> None:
        self.model, self.task, self.settings, self.around = model, task, settings, around
        self.at = Position()
        self.best: dict[str, Tensor] = {}
        self.precision = choose_precision(settings.precision)
        self.accelerator = accelerator(self.precision)
        self.trained = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = make_optimizer(self.trained, settings.weight_decay)
        self.lengths = task.rows.lengths
        self.steps = task.steps(settings.batch_size)
        self.first, self.last = task.span or (0, self.steps)
        self.folder = around.scratch / task.name
        self.checkpoints = Checkpoints(self.folder)

    @property
    def per_epoch(self) -> int:
        """Steps of one epoch."""
        return self.steps // self.task.epochs

    def resume(self) -> None:
        """Go to where the newest checkpoint was made, or to the start."""
        with lead_first(self.around.ranks):
            found = self.checkpoints.newest(self.around.progress)
        if found is None:
            self.at.step = self.first
            self.at.epoch, self.at.batch = divmod(self.first, self.per_epoch)
            seed_chance(self.around.seed + self.first)
            take_leads_weights(self.model, self.around.ranks)
            return
        self.model.load_state_dict(found.tensors["weights"])
        restore_optimizer(self.optimizer, found.tensors["optimizer"])
        self.best = dict(found.tensors["best"])
        self.at = Position(**found.state["position"])
        restore_chance(found.state["chance"])
        if not self.at.finished:
            where = f"step {self.at.step} of {self.steps}"
            self.around.progress.say(f"{self.task.name}: going on from {where}")

    def run_epoch(self, bar: Tracker) -> None:
        """Take the steps of this epoch that are not yet taken."""
        self.model.train()
        batches = epoch_batches(
            self.lengths, self.settings.batch_size, self.around.seed, self.at.epoch
        )
        due = min(self.per_epoch, self.at.batch + self.last - self.at.step)
        for rows in batches[self.at.batch : due]:
            began = time.perf_counter()
            loss = self.take_step(rows)
            self.at.step += 1
            self.at.batch += 1
            self.at.tokens += int(self.lengths[rows].sum())
            self.at.seconds += time.perf_counter() - began
            bar.advance(1, self.note(loss))
            if self.at.step % self.settings.checkpoint_every == 0:
                self.save()

    def take_step(self, rows: IntArray) -> float:
        """Learn from one batch; gives its loss."""
        hook = self.task.hook
        if hook:
            hook.before(self.at.step, self.steps)
        factor = rate_factor(self.at.step, self.steps, self.settings.warmup_ratio)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        ours = self.share_of_loss(rows)
        if ours.requires_grad:  # not where a hook kept every trained weight out of this step
            self.accelerator.backward(ours)
        loss = add_up(ours, self.trained, self.around.ranks)
        self.require_finite("loss", loss, rows)
        self.learn(rows)
        if hook:
            hook.after(self.at.step, self.steps)
        return float(loss)

    def share_of_loss(self, rows: IntArray) -> Tensor:
        """What the rows that this process takes add to the loss of the batch.

        Several processes draw dropout by the number of the step, so that a resumed one need not
        know where the generators of the others stood.
        """
        if self.around.ranks.count > 1:
            seed_chance(seed_of_step(self.around.seed, self.at.step, self.around.ranks.number))
        own = own_rows(rows, self.around.ranks)
        if not len(own):
            return torch.zeros(())
        with self.accelerator.autocast():
            loss = self.task.loss(self.model, self.task.rows.batch(own, self.at.step / self.steps))
        return loss * (len(own) / len(rows))

    def learn(self, rows: IntArray) -> None:
        """Move the weights that the loss depends on."""
        norm = self.accelerator.clip_grad_norm_(self.trained, self.settings.max_grad_norm)
        self.require_finite("gradient's norm", norm, rows)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def end_epoch(self) -> None:
        """Validate, keep the weights if none were better, and see whether this was the last.

        A span that ends within an epoch ends it here too.
        """
        if self.at.batch == self.per_epoch:
            self.at.epoch, self.at.batch = self.at.epoch + 1, 0
        count = math.ceil(self.at.step / self.per_epoch)
        if self.task.validation is None:
            better, seen = True, None
        else:
            ours = None if self.around.ranks.number else self.task.validation(self.model)
            seen = lead_says(self.around.ranks, ours)
            better = self.at.best_validation is None or seen > self.at.best_validation
            told = f"epoch {count} of {self.task.epochs}, {self.task.validation.name} {seen:.4f}"
            self.around.progress.say(f"{self.task.name}: {told}")
        if better:
            self.at.best_epoch, self.at.best_validation = count, seen
            self.best = {name: w.detach().clone() for name, w in self.model.state_dict().items()}
        patience = self.settings.patience or self.task.epochs
        if self.at.step == self.last or count - self.at.best_epoch >= patience:
            self.at.finished = True
            self.save()

    def save(self) -> None:
        """Make a checkpoint of this very moment, which is the same for all processes."""
        if self.around.ranks.number:
            return
        tensors = {
            "weights": self.model.state_dict(),
            "optimizer": optimizer_tensors(self.optimizer),
            "best": self.best,
        }
        state = {"position": asdict(self.at), "chance": capture_chance()}
        self.checkpoints.save(Checkpoint(tensors, state))

    def require_finite(self, what: str, value: Tensor, rows: IntArray) -> None:
        """Stop before a number that is none reaches a weight."""
        if bool(value.isfinite()):
            return
        step = f"step {self.at.step + 1} of {self.steps}"
        origins = [self.task.rows.origins[row] for row in rows]
        kept = f"the last good checkpoint is kept in {self.folder}"
        more = f" and {len(origins) - ORIGINS_TOLD} more" if len(origins) > ORIGINS_TOLD else ""
        raise TrainingDiverged(
            f"{self.task.name}: the {what} is {float(value.detach())} at {step}, "
            f"learning rate {self.optimizer.param_groups[0]['lr']:.3g}, on rows "
            f"{', '.join(origins[:ORIGINS_TOLD])}{more}; "
            f"{kept if len(self.checkpoints) else 'no checkpoint was due yet'}; "
            f"try a lower learning_rate, precision: fp32, or look at those rows"
        )

    def note(self, loss: float) -> str:
        """What stands behind the bar."""
        return f"loss {loss:.3f}, {self.at.tokens / self.at.seconds:,.0f} tokens/s"

    def told(self) -> Trained:
        """The result, once finished."""
        return Trained(
            epochs=math.ceil((self.at.step - self.first) / self.per_epoch),
            steps=self.at.step - self.first,
            best_epoch=self.at.best_epoch,
            best_validation=self.at.best_validation,
            tokens=self.at.tokens,
            tokens_per_s=round(self.at.tokens / self.at.seconds, 1),
            training_s=round(self.at.seconds, 2),
            precision=self.precision,
            processes=self.around.ranks.count,
        )
