"""The parts of a batch and their sum; a fake stands for the other process."""

import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.core.ranks import ALONE
from edgecompress.training.shares import add_up, own_rows, take_leads_weights


class OneOfTwo:
    """A Ranks whose other process gives what it is told to."""

    count, here = 2, 2

    def __init__(self, number=0, other=()):
        self.number, self.other = number, np.array(other, np.float32)

    def add_up(self, numbers):
        numbers += self.other

    def spread(self, numbers):
        numbers[...] = self.other.reshape(numbers.shape)


def weights(*grads):
    """Two weights a process has one or two or no gradients of."""
    made = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1, 1))]
    for weight, grad in zip(made, grads, strict=True):
        weight.grad = None if grad is None else torch.tensor(grad).view_as(weight)
    return made


def test_each_row_is_taken_once():
    rows = np.array([5, 3, 9, 1, 7])
    parts = [own_rows(rows, OneOfTwo(number)) for number in (0, 1)]
    assert [part.tolist() for part in parts] == [[5, 9, 7], [3, 1]]
    assert own_rows(rows[:1], OneOfTwo(1)).tolist() == []
    assert own_rows(rows, ALONE) is not None
    assert own_rows(rows, ALONE).tolist() == rows.tolist()


def test_losses_and_gradients_add_up():
    ours = weights([1.0, 2.0], None)
    # the other: loss 0.5, asks for both weights, whose gradients are [10, 20] and [30]
    other = OneOfTwo(other=[0.5, 1, 1, 10, 20, 30])
    assert add_up(torch.tensor(0.25), ours, other).item() == 0.75
    assert [weight.grad.flatten().tolist() for weight in ours] == [[11, 22], [30]]
    assert ours[1].grad.shape == (1, 1)


def test_a_weight_that_nobody_asks_for_keeps_no_gradient():
    ours = weights([1.0, 2.0], None)
    add_up(torch.tensor(0.25), ours, OneOfTwo(other=[0, 0, 0, 0, 0, 0]))
    assert ours[0].grad.tolist() == [1, 2]
    assert ours[1].grad is None


def test_alone_nothing_is_copied():
    ours = weights([1.0, 2.0], None)
    before = ours[0].grad
    assert add_up(torch.tensor(0.25), ours, ALONE).item() == 0.25
    assert ours[0].grad is before


@pytest.mark.parametrize("strided", [False, True])
def test_the_leads_weights_take_the_place_of_ours(strided):
    network = nn.Linear(2, 2, bias=False)
    if strided:
        network.weight = nn.Parameter(torch.zeros(2, 2).T)
    take_leads_weights(network, OneOfTwo(1, [1, 2, 3, 4]))
    assert network.weight.tolist() == [[1, 2], [3, 4]]
