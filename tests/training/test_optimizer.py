import torch
from torch import nn

from edgecompress.training.optimizer import make_optimizer, optimizer_tensors, restore_optimizer


def one_step(network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    network(torch.ones(2, 4)).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_vectors_do_not_decay():
    network = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))
    decayed, spared = make_optimizer(list(network.parameters()), 0.01).param_groups
    assert [tuple(weight.shape) for weight in decayed["params"]] == [(3, 4)]
    assert [tuple(weight.shape) for weight in spared["params"]] == [(3,), (3,), (3,)]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.01, 0.0)


def test_a_restored_optimizer_takes_the_same_next_step():
    torch.manual_seed(0)
    network, twin = nn.Linear(4, 3), nn.Linear(4, 3)
    optimizer = make_optimizer(list(network.parameters()), 0.01)
    one_step(network, optimizer)
    twin.load_state_dict(network.state_dict())
    its_optimizer = make_optimizer(list(twin.parameters()), 0.01)
    restore_optimizer(its_optimizer, optimizer_tensors(optimizer))
    one_step(network, optimizer)
    one_step(twin, its_optimizer)
    assert torch.equal(network.weight, twin.weight)
