import pytest
import torch
from torch import nn

from edgecompress.training.dropout import QuickDropout, training_dropout


@pytest.fixture
def ones():
    torch.manual_seed(0)
    return torch.ones(400, 251)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_elements_are_dropped_at_the_rate(ones, rate):
    dropped = (QuickDropout(rate)(ones) == 0).float().mean()
    # Of 100,400 draws the share is within 4 standard errors, at most 0.0063.
    assert dropped == pytest.approx(rate, abs=0.0063)


def test_what_is_kept_is_scaled_so_that_the_mean_stays(ones):
    kept = QuickDropout(0.1)(ones)
    assert kept[kept > 0].unique().tolist() == pytest.approx([1 / 0.9], rel=1e-4)


def test_neighbours_of_one_draw_are_dropped_independently(ones):
    dropped = (QuickDropout(0.5)(ones) == 0).float().flatten()[:100_400].view(-1, 4)
    together = torch.corrcoef(dropped.T)
    # 25,100 rows: a correlation of independent columns has a standard error of 0.0063.
    assert (together - torch.eye(4)).abs().max() < 0.026


def test_gradients_pass_only_what_was_kept(ones):
    states = ones.clone().requires_grad_()
    answer = QuickDropout(0.3)(states)
    answer.sum().backward()
    assert torch.equal(states.grad, answer.detach())


def test_a_type_of_sixteen_bits_stays(ones):
    assert QuickDropout(0.1)(ones.bfloat16()).dtype == torch.bfloat16


def test_one_seed_gives_one_mask(ones):
    answers = []
    for _ in range(2):
        torch.manual_seed(5)
        answers.append(QuickDropout(0.1)(ones))
    assert torch.equal(*answers)


@pytest.mark.parametrize("layer", [QuickDropout(0.0), QuickDropout(0.4).eval()])
def test_nothing_is_touched_where_nothing_is_to_be_dropped(ones, layer):
    assert layer(ones) is ones


def test_everything_may_be_dropped(ones):
    assert not QuickDropout(1.0)(ones).any()


def test_a_model_is_quick_only_within():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.2)))
    with training_dropout(model):
        assert type(model[1][0]) is QuickDropout
    assert type(model[1][0]) is nn.Dropout


def test_within_a_model_drops_at_the_rate_that_is_asked_for():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.2), nn.Dropout(0.1)))
    with training_dropout(model, 0.0):
        assert [one.p for one in model[1]] == [0.0, 0.0]
    assert [one.p for one in model[1]] == [0.2, 0.1]
