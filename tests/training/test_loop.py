import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgecompress.core.errors import TrainingDiverged
from edgecompress.core.progress import Silent
from edgecompress.models.classifier import Classifier
from edgecompress.recipe.learning import Finetune
from edgecompress.training.batches import Batch
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import supervised
from edgecompress.training.validation import Accuracy

# 120 rows in batches of 8 are 15 steps an epoch, 45 in all; checkpoints fall into epochs.
SETTINGS = Finetune(
    epochs=3, learning_rate=1e-2, batch_size=8, precision="fp32", checkpoint_every=7
)


class Killed(BaseException):
    """What nothing in the loop may catch."""


class KillsAt:
    """The supervised loss, until so many batches have been asked about."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self, model: Classifier, batch: Batch) -> torch.Tensor:
        self.left -= 1
        if self.left < 0:
            raise Killed
        return supervised(model, batch)


@pytest.fixture
def task(new_rows):
    return Task("part", new_rows(120), Accuracy(new_rows(60, seed=2)), supervised, epochs=3)


def weights(model: Classifier) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def same(one: list[torch.Tensor], two: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.fixture
def unbroken(new_encoder, task, here):
    model = new_encoder()
    train(model, task, SETTINGS, replace(here, scratch=here.scratch / "unbroken"))
    return weights(model)


def test_learns(new_encoder, task, here):
    model = new_encoder()
    trained = train(model, task, SETTINGS, here)
    assert trained.best_validation > 0.85  # ids are drawn 9 : 1, so a row of one or two can mislead
    assert (trained.epochs, trained.steps, trained.precision) == (3, 45, "fp32")
    assert trained.tokens_per_s > 0
    assert not model.training


@pytest.mark.parametrize(("asked", "rates"), [(None, {0.1}), (0.0, {0.0}), (0.3, {0.3})])
def test_every_layer_drops_at_the_rate_of_the_settings(new_encoder, task, here, asked, rates):
    seen = set()

    def loss(model: Classifier, batch: Batch) -> torch.Tensor:
        seen.update(one.p for one in model.modules() if isinstance(one, torch.nn.Dropout))
        return supervised(model, batch)

    settings = SETTINGS.model_copy(update={"dropout": asked})
    train(new_encoder(), replace(task, loss=loss), settings, here)
    assert seen == rates


def test_the_score_told_is_that_of_the_weights_left(new_encoder, task, here):
    model = new_encoder()
    trained = train(model, task, SETTINGS.model_copy(update={"precision": "bf16"}), here)
    assert task.validation(model) == trained.best_validation


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(
    new_encoder, task, here, unbroken
):
    torch.rand(100)
    model = new_encoder()
    train(model, task, SETTINGS, here)
    assert same(weights(model), unbroken)
    other = new_encoder()
    train(other, task, SETTINGS, replace(here, seed=8, scratch=here.scratch / "other"))
    assert not same(weights(other), unbroken)


@pytest.mark.parametrize("kills", [(3,), (16,), (44,), (9, 9, 20)])
def test_a_broken_run_ends_with_the_weights_of_an_unbroken_one(
    kills, new_encoder, task, here, unbroken
):
    for calls in kills:
        with pytest.raises(Killed):
            train(new_encoder(), replace(task, loss=KillsAt(calls)), SETTINGS, here)
        torch.rand(7)  # a new process stands elsewhere
    model = new_encoder()
    trained = train(model, task, SETTINGS, here)
    assert same(weights(model), unbroken)
    assert trained.steps == 45


def test_a_resumed_run_does_only_what_is_left(new_encoder, task, here):
    with pytest.raises(Killed):
        train(new_encoder(), replace(task, loss=KillsAt(40)), SETTINGS, here)
    # steps 36 to 45 follow the checkpoint of step 35
    train(new_encoder(), replace(task, loss=KillsAt(10)), SETTINGS, here)
    # and a finished training is not taken up again
    train(new_encoder(), replace(task, loss=KillsAt(0)), SETTINGS, here)


KILLED_PROCESS = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import conftest, test_loop
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import supervised
from edgecompress.training.validation import Accuracy

class Dies(test_loop.KillsAt):
    def __call__(self, model, batch):
        try:
            return super().__call__(model, batch)
        except test_loop.Killed:
            os.kill(os.getpid(), signal.SIGKILL)

rows = conftest.new_rows.__wrapped__()
task = Task("part", rows(120), Accuracy(rows(60, seed=2)), Dies(24), epochs=3)
model = conftest.new_encoder.__wrapped__()()
train(model, task, test_loop.SETTINGS, conftest.Here(Path(sys.argv[2])))
"""


def test_sigkill_in_a_step_loses_nothing_but_the_steps_since_a_checkpoint(
    new_encoder, task, here, unbroken
):
    here_too = [str(Path(__file__).parent), str(here.scratch)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_PROCESS, *here_too],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -9, done.stderr
    model = new_encoder()
    train(model, task, SETTINGS, here)
    assert same(weights(model), unbroken)


def test_a_damaged_checkpoint_costs_steps_and_no_more(new_encoder, task, here, unbroken):
    with pytest.raises(Killed):
        train(new_encoder(), replace(task, loss=KillsAt(30)), SETTINGS, here)
    newest = sorted((here.scratch / "part").iterdir())[-1] / "optimizer.safetensors"
    contents = bytearray(newest.read_bytes())
    contents[len(contents) // 2] ^= 16
    newest.write_bytes(contents)
    model = new_encoder()
    train(model, task, SETTINGS, here)
    assert same(weights(model), unbroken)


def test_patience_ends_a_training_that_gets_no_better_and_the_best_weights_stay(
    new_encoder, task, here
):
    calls = 0

    def learns_for_two_epochs(model: Classifier, batch: Batch) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return supervised(model, batch) * (1 if calls <= 30 else -1)

    model = new_encoder()
    settings = SETTINGS.model_copy(update={"patience": 2})
    unlearns = replace(task, loss=learns_for_two_epochs, epochs=20)
    trained = train(model, unlearns, settings, here)
    assert trained.epochs == trained.best_epoch + 2 < 20
    assert task.validation(model) == trained.best_validation > 0.85


def test_without_validation_the_last_weights_are_kept(new_encoder, task, here):
    trained = train(new_encoder(), replace(task, validation=None), SETTINGS, here)
    assert (trained.best_epoch, trained.best_validation) == (3, None)


def test_frozen_weights_stay_and_do_not_count_for_clipping(new_encoder, task, here):
    model = new_encoder()
    for weight in model.embeddings.parameters():
        weight.requires_grad_(False)
    before = weights(model.embeddings)
    train(model, task, SETTINGS, here)
    assert same(weights(model.embeddings), before)


def test_a_step_without_any_trained_weight_in_its_loss_moves_nothing(new_encoder, task, here):
    def looks_on(model: Classifier, batch: Batch) -> torch.Tensor:
        return supervised(model, batch).detach()

    model = new_encoder()
    trained = train(model, replace(task, loss=looks_on), SETTINGS, here)
    assert same(weights(model), weights(new_encoder()))
    assert trained.steps == 45


@pytest.mark.parametrize("what", ["loss", "gradient's norm"])
def test_divergence_is_told_with_step_rate_rows_and_where_the_checkpoint_is(
    what, new_encoder, task, here
):
    def breaks(model: Classifier, batch: Batch) -> torch.Tensor:
        loss = supervised(model, batch)
        if 11 not in batch.rows:
            return loss
        if what == "loss":
            return loss * torch.nan
        weight = next(model.parameters())
        return loss + (weight - weight.detach()).abs().sum().sqrt()  # slope of sqrt at 0

    settings = SETTINGS.model_copy(update={"checkpoint_every": 1})
    message = (
        rf"part: the {what} is nan at step \d+ of 45, learning rate 0.0\d+, on rows "
        r"made.csv:\d+.* and 3 more; the last good checkpoint is kept in .*part; try a lower"
    )
    with pytest.raises(TrainingDiverged, match=message) as caught:
        train(new_encoder(), replace(task, loss=breaks), settings, here)
    assert "\n" not in str(caught.value)
    assert list((here.scratch / "part").iterdir())


def test_divergence_at_once_says_that_there_is_no_checkpoint(new_encoder, task, here):
    with pytest.raises(TrainingDiverged, match="step 1 of 45, .*no checkpoint was due yet"):
        train(new_encoder(), replace(task, loss=lambda *_: torch.tensor(torch.inf)), SETTINGS, here)


class Watches(Silent):
    """Remembers what was said and how far the bar got."""

    def __init__(self) -> None:
        self.lines, self.notes, self.done, self.total = [], [], 0, 0

    def say(self, line):
        self.lines.append(line)

    def track(self, what, total, unit):
        self.total = total
        self.done = 0
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, amount=1, note=""):
        self.done += amount
        self.notes.append(note)


def test_the_bar_ends_full_and_tells_loss_and_rate(new_encoder, task, here):
    watches = Watches()
    with pytest.raises(Killed):
        train(new_encoder(), replace(task, loss=KillsAt(20)), SETTINGS, here)
    train(new_encoder(), task, SETTINGS, replace(here, progress=watches))
    assert (watches.done, watches.total) == (45, 45)
    assert "tokens/s" in watches.notes[-1]
    assert watches.notes[-1].startswith("loss 0.")
    assert watches.notes[-1].endswith(" tokens/s")
    assert watches.lines[0] == "part: going on from step 14 of 45"
    assert watches.lines[-1].startswith("part: epoch 3 of 3, validation accuracy 0.")


def test_each_epoch_sees_each_row_once(new_encoder, task, here):
    seen: list[np.ndarray] = []

    def notes_rows(model: Classifier, batch: Batch) -> torch.Tensor:
        seen.append(batch.rows)
        return supervised(model, batch)

    train(new_encoder(), replace(task, loss=notes_rows), SETTINGS, here)
    for epoch in range(3):
        rows = np.concatenate(seen[15 * epoch : 15 * (epoch + 1)])
        assert sorted(rows) == list(range(120))
