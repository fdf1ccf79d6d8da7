import numpy as np
import pytest
import scipy.special
import torch

from edgecompress.core.errors import StageError
from edgecompress.models.classifier import Output
from edgecompress.training.relations import last_vectors, relation_heads, relation_loss


def vectors(seed: int, width: int, batch: int = 2, tokens: int = 5) -> torch.Tensor:
    return torch.randn(batch, tokens, 3 * width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("ours", "theirs", "heads"),
    [
        (384, 384, 24),  # 16 wide each
        (768, 768, 48),  # the paper's number for a network of this width
        (64, 384, 4),  # two heads of 32 against twelve: the student's are 16 wide
        (96, 384, 6),
        (160, 384, 8),  # the greatest common divisor is 32; 16 heads would be 10 wide
        (16, 64, 1),
        (8, 64, 1),  # narrower than any: one head
    ],
)
def test_relation_heads_are_as_many_as_both_widths_allow(ours, theirs, heads):
    assert relation_heads(ours, theirs) == heads


def test_equal_vectors_have_equal_relations():
    ours = vectors(1, 32)
    assert relation_loss(ours, ours.clone(), torch.ones(2, 5)).item() == pytest.approx(0, abs=1e-7)


def test_relation_loss_is_the_kl_of_scaled_products_over_tokens_that_look():
    ours, theirs = vectors(1, 32), vectors(2, 64)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])

    def log_relation(kept: np.ndarray) -> np.ndarray:  # [tokens, d]
        return scipy.special.log_softmax(kept @ kept.T / np.sqrt(kept.shape[1]), axis=1)

    total, looks = 0.0, 0
    for text, tokens in enumerate([5, 3]):
        looks += tokens
        for kind in range(3):
            for head in range(2):  # of 16 and of 32
                a = ours[text, :tokens].numpy()[:, 32 * kind + 16 * head :][:, :16]
                b = theirs[text, :tokens].numpy()[:, 64 * kind + 32 * head :][:, :32]
                mine, goal = log_relation(a), log_relation(b)
                total += (np.exp(goal) * (goal - mine)).sum()
    expected = total / (3 * 2 * looks)
    assert relation_loss(ours, theirs, mask).item() == pytest.approx(expected, rel=1e-5)


def test_a_turn_within_a_relation_head_changes_no_relation():
    ours, theirs = vectors(1, 32), vectors(2, 32)
    turn, _ = torch.linalg.qr(torch.randn(16, 16, generator=torch.Generator().manual_seed(3)))
    turned = (theirs.view(2, 5, 6, 16) @ turn).reshape(2, 5, 96)
    mask = torch.ones(2, 5)
    expected = relation_loss(ours, theirs, mask).item()
    assert relation_loss(ours, turned, mask).item() == pytest.approx(expected, rel=1e-4)
    mixed = theirs.roll(1, dims=-1)
    assert relation_loss(ours, mixed, mask).item() != pytest.approx(expected, rel=1e-2)


def test_padding_teaches_nothing():
    ours, theirs = vectors(1, 32).requires_grad_(), vectors(2, 32)
    mask = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]])
    relation_loss(ours, theirs, mask).backward()
    assert ours.grad is not None
    assert (ours.grad[mask == 0] == 0).all()
    assert (ours.grad[mask == 1] != 0).any()


def test_the_vectors_are_those_of_the_forward_pass(new_encoder, new_rows):
    network, seen = new_encoder().eval(), []
    last = network.layers[-1].attention
    for part in (last.query, last.key, last.value):
        part.register_forward_hook(lambda _part, _inputs, made: seen.append(made))
    output = network(*new_rows(4).batch(np.arange(4)).inputs, hidden=True)
    expected = torch.cat(seen, dim=-1)
    assert torch.equal(last_vectors(network, output), expected)


def test_a_network_that_shows_no_layers_is_refused():
    with pytest.raises(StageError, match="a Linear does not show them"):
        last_vectors(torch.nn.Linear(2, 2), Output(torch.zeros(1, 2)))
