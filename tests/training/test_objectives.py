import math

import numpy as np
import pytest
import scipy.special
import torch

from edgecompress.recipe.objective import Objective
from edgecompress.training.objectives import (
    attention_loss,
    distilling,
    focal_weights,
    hidden_loss,
    label_loss,
    label_losses,
    soft_losses,
    state_map,
    supervised,
    weighted_mean,
)
from edgecompress.training.precision import choose_precision
from edgecompress.training.signals import Asked, Wanted, teacher_signals

ALL = Wanted(hidden=(0, 1, 2), attention=(0, 1), relations=True)
WEIGHTS = {"logits": 0.5, "labels": 2.0, "hidden": 3.0, "attention": 4.0, "relations": 5.0}


def test_label_loss_is_cross_entropy_over_the_labelled_rows():
    # log(1 + e^-2) = 0.126928 for the first row; the second has no label
    logits = torch.tensor([[2.0, 0.0], [9.0, 0.0]])
    loss = label_loss(logits, torch.tensor([0, -1]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_label_losses_are_those_of_each_row_and_0_without_a_label():
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [9.0, 0.0]])
    expected = [math.log(1 + math.exp(-2)), math.log(2), 0.0]
    assert label_losses(logits, torch.tensor([0, 1, -1])).tolist() == pytest.approx(expected)


def test_soft_losses_are_kl_in_nats_times_the_squared_temperature():
    # softened by 2: teacher (0.75, 0.25), student (0.5, 0.5); KL = 0.75 ln 1.5 + 0.25 ln 0.5
    teacher = torch.tensor([[2 * math.log(3), 0.0]])
    kl = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    both = torch.cat([torch.zeros(1, 2), teacher])
    losses = soft_losses(both, teacher.repeat(2, 1), 2.0)
    assert losses.tolist() == pytest.approx([4 * kl, 0.0])


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
    signals = signals_of(teacher, rows, here.scratch / "s", ALL, here.progress)
    loss = distilling(Objective(logits=1.0, hidden=1.0, attention=1.0, relations=1.0), signals)
    # fp16 keeps three digits of a hidden state of size 1, so squares differ by about 1e-7
    assert loss(teacher, rows.batch(np.arange(6))).item() == pytest.approx(0, abs=1e-5)


def test_the_parts_add_up_by_their_weights(new_encoder, new_rows, here):
    rows = new_rows(6)
    signals = signals_of(new_encoder(), rows, here.scratch / "s", ALL, here.progress)
    torch.manual_seed(99)
    student = type(new_encoder())(new_encoder().config).eval()
    batch = rows.batch(np.arange(6))

    def value(**weights: float) -> float:
        return distilling(Objective(**({"logits": 0.0} | weights)), signals)(student, batch).item()

    parts = {name: value(**{name: 1.0}) for name in WEIGHTS}
    assert all(part > 0 for part in parts.values())
    expected = sum(WEIGHTS[name] * part for name, part in parts.items())
    assert value(**WEIGHTS) == pytest.approx(expected, rel=1e-5)
    assert parts["labels"] == pytest.approx(supervised(student, batch).item())


def test_focal_weights_are_the_squared_doubt_of_the_students_own_label():
    # sigmoid(ln 3) = 0.75 of the label in the first row, 0.25 in the second, 0.5 in the third
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0], [0.0, 0.0]], requires_grad=True)
    weights = focal_weights(logits, torch.tensor([0, 1, 1]))
    assert weights.tolist() == pytest.approx([0.0625, 0.5625, 0.25])
    assert not weights.requires_grad


def test_weights_count_as_if_their_mean_were_1():
    losses, weights = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([2.0, 1.0, 0.0])
    by_hand = (1.0 * 2 + 2.0 * 1 + 4.0 * 0) / 3
    assert weighted_mean(losses, weights).item() == pytest.approx(by_hand)
    assert weighted_mean(losses, 7 * weights).item() == pytest.approx(by_hand)
    assert weighted_mean(losses, weights).item() == pytest.approx(
        (losses * weights / weights.mean()).mean().item()
    )


def test_weights_of_0_alone_tell_no_rows_apart():
    assert weighted_mean(torch.tensor([1.0, 3.0]), torch.zeros(2)).item() == 2.0


@pytest.mark.parametrize("reweight", ["focal", "jtt"])
def test_weights_move_the_loss_of_the_answers_alone(reweight, new_encoder, new_rows, here):
    rows = new_rows(6)
    signals = signals_of(new_encoder(), rows, here.scratch / "s", ALL, here.progress)
    torch.manual_seed(99)
    student, batch = type(new_encoder())(new_encoder().config).eval(), rows.batch(np.arange(6))
    with torch.no_grad():
        student.head.out.weight *= 100  # untrained, it would doubt all labels alike
    counts = np.array([2, 1, 1, 2, 1, 1], np.float32) if reweight == "jtt" else None

    def value(weigh: bool, **weights: float) -> float:
        objective = Objective(**weights, reweight=reweight if weigh else None)
        return distilling(objective, signals, counts if weigh else None)(student, batch).item()

    assert value(True, logits=0.0, hidden=1.0) == value(False, logits=0.0, hidden=1.0)
    assert value(True, logits=0.9, labels=0.1) != pytest.approx(
        value(False, logits=0.9, labels=0.1)
    )
    answers = student(*batch.inputs).logits
    weights = focal_weights(answers, batch.labels) if counts is None else torch.from_numpy(counts)
    by_label = label_losses(answers, batch.labels)
    expected = (by_label * weights).sum() / weights.sum()
    assert value(True, logits=0.0, labels=1.0) == pytest.approx(expected.item())


def test_robust_distillation_is_reached_by_weights_that_add_up_to_1(new_encoder, new_rows, here):
    # (1 - 0.9) CE(y, student) + 0.9 KL(s || student), for s the teacher's answers as given
    rows = new_rows(6)
    signals = signals_of(new_encoder(), rows, here.scratch / "s", Wanted(), here.progress)
    torch.manual_seed(99)
    student, batch = type(new_encoder())(new_encoder().config).eval(), rows.batch(np.arange(6))
    answers = scipy.special.log_softmax(student(*batch.inputs).logits.detach().numpy(), axis=1)
    goal = scipy.special.softmax(signals.logits, axis=1)
    to_labels = -answers[np.arange(6), rows.labels].mean()
    to_teacher = scipy.special.rel_entr(goal, np.exp(answers)).sum(axis=1).mean()
    objective = Objective(logits=0.9, labels=0.1, temperature=1.0)
    loss = distilling(objective, signals)(student, batch).item()
    assert loss == pytest.approx(0.1 * to_labels + 0.9 * to_teacher, rel=1e-4)
