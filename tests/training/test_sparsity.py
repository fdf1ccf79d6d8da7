import numpy as np
import pytest
import torch

from edgecompress.recipe.learning import Finetune
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import supervised
from edgecompress.training.sparsity import (
    Gradual,
    KeepZeros,
    prunable,
    prune_to,
    rising_sparsity,
    sparsity_of,
)

FAST = Finetune(
    epochs=4, learning_rate=3e-3, batch_size=16, precision="fp32", checkpoint_every=5, max_length=16
)


def test_the_smallest_weights_of_all_layers_go(new_encoder):
    encoder = new_encoder()
    before = torch.cat([matrix.detach().flatten() for matrix in prunable(encoder)])
    prune_to(encoder, 0.25)
    after = torch.cat([matrix.detach().flatten() for matrix in prunable(encoder)])
    gone = after == 0
    assert int(gone.sum()) == round(0.25 * len(before))
    assert before[gone].abs().max() < before[~gone].abs().min()
    assert torch.equal(before[~gone], after[~gone])
    assert sparsity_of(encoder) == pytest.approx(0.25, abs=1e-4)


def test_embeddings_norms_biases_and_the_head_are_left_alone(new_encoder):
    encoder, untouched = new_encoder(), new_encoder()
    prune_to(encoder, 0.9)
    for name, weight in encoder.state_dict().items():
        same = torch.equal(weight, untouched.state_dict()[name])
        assert same == (not (name.startswith("layers") and weight.ndim == 2)), name


def test_pruning_on_only_adds_zeros(new_encoder):
    encoder = new_encoder()
    prune_to(encoder, 0.5)
    first = [matrix == 0 for matrix in prunable(encoder)]
    prune_to(encoder, 0.2)
    assert sparsity_of(encoder) == pytest.approx(0.5, abs=1e-4)
    prune_to(encoder, 0.7)
    assert sparsity_of(encoder) == pytest.approx(0.7, abs=1e-4)
    for matrix, gone in zip(prunable(encoder), first, strict=True):
        assert not matrix[gone].any()


def test_sparsity_zero_prunes_nothing(new_encoder):
    encoder = new_encoder()
    prune_to(encoder, 0.0)
    assert sparsity_of(encoder) == 0


def test_zeros_stay_zeros_through_a_training_and_other_weights_learn(new_encoder, new_rows, here):
    encoder = new_encoder()
    prune_to(encoder, 0.6)
    start = [matrix.detach().clone() for matrix in prunable(encoder)]
    task = Task("kept", new_rows(64), None, supervised, 4, hook=KeepZeros(encoder))
    train(encoder, task, FAST, here)
    for matrix, first in zip(prunable(encoder), start, strict=True):
        assert not matrix[first == 0].any()
        assert (matrix[first != 0] != first[first != 0]).all()


def test_sparsity_rises_steeply_first_and_then_stays():
    # Zhu & Gupta's cubic: half-way there, 1 - (1/2)^3 of the target is reached
    assert rising_sparsity(0.8, 0.5) == pytest.approx(0.7)
    seen = [rising_sparsity(0.8, done) for done in np.linspace(0, 1, 9)]
    assert np.all(np.diff(seen) > 0)
    assert np.all(np.diff(seen, 2) < 0)
    assert (seen[0], seen[-1], rising_sparsity(0.8, 1.5)) == (0, 0.8, 0.8)


def test_a_gradual_pruning_reaches_its_target_when_told_to(new_encoder):
    encoder = new_encoder()
    hook, seen = Gradual(encoder, 0.8, 0.5), []
    for step in range(20):
        hook.before(step, 20)
        hook.after(step, 20)
        seen.append(sparsity_of(encoder))
    assert seen[4] == pytest.approx(0.7, abs=1e-3)
    assert seen[9] == pytest.approx(0.8, abs=1e-3)
    assert seen[9:] == [seen[9]] * 11
    assert seen == sorted(seen)


def test_a_broken_gradual_pruning_ends_with_the_same_weights(new_encoder, new_rows, here, tmp_path):
    whole, broken = new_encoder(), new_encoder()

    def task(encoder, loss=supervised):
        return Task("gradual", new_rows(64), None, loss, 4, hook=Gradual(encoder, 0.8, 0.5))

    train(whole, task(whole), FAST, here)
    elsewhere = type(here)(tmp_path / "elsewhere")
    calls = []

    def dies(model, batch):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return supervised(model, batch)

    with pytest.raises(KeyboardInterrupt):
        train(broken, task(broken, dies), FAST, elsewhere)
    resumed = new_encoder()
    train(resumed, task(resumed), FAST, elsewhere)
    assert sparsity_of(whole) == pytest.approx(0.8, abs=1e-3)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
