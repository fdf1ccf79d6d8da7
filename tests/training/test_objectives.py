import math

import numpy as np
import pytest
import torch

from edgecompress.recipe.objective import Objective
from edgecompress.training.objectives import (
    attention_loss,
    distilling,
    hidden_loss,
    label_loss,
    soft_loss,
    state_map,
    supervised,
)
from edgecompress.training.precision import choose_precision
from edgecompress.training.signals import Asked, Wanted, teacher_signals


def test_label_loss_is_cross_entropy_over_the_labelled_rows():
    # log(1 + e^-2) = 0.126928 for the first row; the second has no label
    logits = torch.tensor([[2.0, 0.0], [9.0, 0.0]])
    loss = label_loss(logits, torch.tensor([0, -1]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_soft_loss_is_kl_in_nats_times_the_squared_temperature():
    # softened by 2: teacher (0.75, 0.25), student (0.5, 0.5); KL = 0.75 ln 1.5 + 0.25 ln 0.5
    teacher = torch.tensor([[2 * math.log(3), 0.0]])
    kl = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert soft_loss(torch.zeros(1, 2), teacher, 2.0).item() == pytest.approx(4 * kl)
    assert soft_loss(teacher, teacher, 2.0).item() == 0.0


def test_hidden_loss_is_a_mean_over_tokens_and_never_over_padding():
    ours, theirs = torch.zeros(2, 2, 3), torch.ones(2, 2, 3)
    theirs[1, 1] = 100.0  # padding
    mask = torch.tensor([[1, 1], [1, 0]])
    assert hidden_loss([ours, ours], [theirs, ours], mask).item() == 0.5  # layers of 1 and of 0


def test_attention_loss_is_kl_over_the_tokens_that_look():
    # each looks evenly at two tokens, its teacher 3 : 1
    ours, theirs = torch.full((1, 2, 3, 3), 0.5), torch.full((1, 2, 3, 3), 0.25)
    theirs[..., 0] = 0.75
    ours[..., 2] = theirs[..., 2] = 0.0  # padding is not looked at
    theirs[:, :, 2] = torch.tensor([1.0, 0.0, 0.0])  # and what it looks at does not count
    kl = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert attention_loss([ours], [theirs], torch.tensor([[1, 1, 0]])).item() == pytest.approx(kl)


@pytest.mark.parametrize(
    ("student", "teacher", "expected"),
    [
        (3, 6, (0, 2, 4, 6)),
        (6, 12, (0, 2, 4, 6, 8, 10, 12)),
        (11, 12, (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12)),  # the last one learns from the last
        (4, 4, (0, 1, 2, 3, 4)),
        (1, 6, (0, 6)),
    ],
)
def test_states_are_mapped_evenly_with_fixed_ends(student, teacher, expected):
    assert state_map(student, teacher) == expected


def signals_of(teacher, rows, folder, wanted, progress):
    return teacher_signals(Asked(teacher, rows, wanted, choose_precision("fp32")), folder, progress)


def test_a_teacher_has_nothing_to_learn_from_itself(new_encoder, new_rows, here):
    teacher, rows = new_encoder().eval(), new_rows(6)
    wanted = Wanted(hidden=(0, 1, 2), attention=(0, 1))
    signals = signals_of(teacher, rows, here.scratch / "s", wanted, here.progress)
    loss = distilling(Objective(logits=1.0, hidden=1.0, attention=1.0), signals)
    # fp16 keeps three digits of a hidden state of size 1, so squares differ by about 1e-7
    assert loss(teacher, rows.batch(np.arange(6))).item() == pytest.approx(0, abs=1e-5)


def test_the_parts_add_up_by_their_weights(new_encoder, new_rows, here):
    rows = new_rows(6)
    wanted = Wanted(hidden=(0, 1, 2), attention=(0, 1))
    signals = signals_of(new_encoder(), rows, here.scratch / "s", wanted, here.progress)
    torch.manual_seed(99)
    student = type(new_encoder())(new_encoder().config).eval()
    batch = rows.batch(np.arange(6))

    def value(**weights: float) -> float:
        return distilling(Objective(**({"logits": 0.0} | weights)), signals)(student, batch).item()

    parts = {name: value(**{name: 1.0}) for name in ("logits", "labels", "hidden", "attention")}
    assert all(part > 0 for part in parts.values())
    weights = {"logits": 0.5, "labels": 2.0, "hidden": 3.0, "attention": 4.0}
    expected = sum(weights[name] * part for name, part in parts.items())
    assert value(**weights) == pytest.approx(expected, rel=1e-5)
    assert parts["labels"] == pytest.approx(supervised(student, batch).item())
