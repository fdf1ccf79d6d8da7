"""Truncated SVD against numpy's, on matrices small enough to know."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from edgecompress.models.encoder import Encoder, EncoderConfig, LowRank
from edgecompress.models.factors import Wide, choose_rank, factorize, split
from edgecompress.recipe.shrinking import Factorize

TINY = EncoderConfig(
    vocab_size=60,
    hidden=16,
    heads=(4, 2),
    head_size=4,
    intermediate=(48, 24),
    labels=("bad", "good"),
    max_positions=20,
)


def settings(**changes: object) -> Factorize:
    return Factorize(kind="factorize", multiple_of=1, **changes)  # type: ignore[arg-type]


def random(rows: int, columns: int, seed: int = 3) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def best(matrix: Tensor, rank: int) -> np.ndarray:
    """The closest product of a rank, as numpy finds it."""
    left, values, right = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
    return (left[:, :rank] * values[:rank]) @ right[:rank]


def rows_that_count_unlike(rows: int) -> Tensor:
    return torch.arange(1, rows + 1, dtype=torch.double).square()


def network(**changes: object) -> Encoder:
    torch.manual_seed(3)
    return Encoder(replace(TINY, **changes)).eval()  # type: ignore[arg-type]


def answers(encoder: Encoder) -> Tensor:
    ids = torch.randint(60, (4, 9), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return encoder(ids, torch.ones_like(ids)).logits


@pytest.mark.parametrize("rank", [1, 5, 12])
def test_the_product_is_the_one_that_numpy_calls_closest(rank: int) -> None:
    matrix = random(40, 12)
    thin = split(Wide(matrix), rank)
    np.testing.assert_allclose((thin.left @ thin.right).numpy(), best(matrix, rank), atol=1e-5)


def test_the_error_falls_with_every_rank_and_ends_at_nothing() -> None:
    wide = Wide(random(40, 12))
    errors = [split(wide, rank).error for rank in range(1, 13)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-6


def test_the_error_is_told_as_it_is() -> None:
    # of diag(3, 4, 12) rank 1 keeps the 12: what is missed is 5, the whole is 13
    assert split(Wide(torch.diag(torch.tensor([3.0, 4.0, 12.0]))), 1).error == pytest.approx(5 / 13)


def test_weights_lower_the_weighted_error_and_raise_the_plain_one() -> None:
    matrix, weights = random(40, 12), rows_that_count_unlike(40)
    plain, weighted = split(Wide(matrix), 4), split(Wide(matrix, None, weights), 4)
    assert weighted.error > plain.error
    missed = weights[:, None] * (matrix - plain.left @ plain.right).double()
    of_plain = missed.norm() / (weights[:, None] * matrix).norm()
    assert weighted.weighted_error < of_plain
    assert plain.weighted_error == plain.error


def test_a_weighted_split_is_the_closest_to_the_weighted_matrix() -> None:
    matrix, weights = random(40, 12), rows_that_count_unlike(40)
    thin = split(Wide(matrix, None, weights), 4)
    found = weights[:, None] * (thin.left @ thin.right).double()
    expected = best(weights[:, None] * matrix, 4)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6 * np.abs(expected).max())


def test_a_product_is_split_as_if_it_were_whole() -> None:
    left, right = random(40, 8), random(8, 12, seed=4)  # as trained: no singular vectors
    again = split(Wide(left, right), 3)
    np.testing.assert_allclose((again.left @ again.right).numpy(), best(left @ right, 3), atol=1e-4)
    sliced = left[:, :3] @ right[:3]
    assert (left @ right - again.left @ again.right).norm() < (left @ right - sliced).norm()


@pytest.mark.parametrize(("share", "rank"), [(0.8, 1), (0.86, 2), (0.95, 3)])
def test_a_share_of_the_energy_gives_the_least_rank_that_keeps_it(share: float, rank: int) -> None:
    # energies 144, 16 and 9 of 169: 0.852 with one, 0.947 with two
    wide = Wide(torch.diag(torch.tensor([3.0, 4.0, 12.0])))
    assert choose_rank(wide, share, multiple_of=1) == rank


def test_ranks_are_rounded_up() -> None:
    wide = Wide(random(40, 12))
    assert choose_rank(wide, 9, multiple_of=8) == 16
    assert choose_rank(wide, 16, multiple_of=8) == 16


def test_each_kind_of_matrix_is_split_where_it_is_asked_for() -> None:
    encoder = network()
    factorize(encoder, settings(embeddings=4, attention=3, feed_forward=5))
    assert encoder.config.embedding_rank == 4
    attention = {"query": 3, "key": 3, "value": 3, "out": 3}
    assert encoder.config.ranks == ({**attention, "up": 5, "down": 5},) * 2
    alone = network()
    factorize(alone, settings(feed_forward=5))
    assert alone.config.embedding_rank is None
    assert alone.config.ranks == ({"up": 5, "down": 5},) * 2


def test_the_configuration_says_what_the_weights_are() -> None:
    encoder = network()
    factorize(encoder, settings(embeddings=4, attention=3, feed_forward=0.5))
    rebuilt = Encoder(encoder.config).eval()
    rebuilt.load_state_dict(encoder.state_dict())
    assert torch.equal(answers(rebuilt), answers(encoder))


def test_a_network_answers_as_before_where_the_rank_holds_all_there_is() -> None:
    encoder = network()
    with torch.no_grad():
        for layer in encoder.layers:
            for matrix in (layer.up.weight, layer.down.weight):
                matrix.copy_(random(len(matrix), 6) @ random(6, matrix.shape[1], seed=4))
    expected = answers(encoder)
    factorize(encoder, settings(feed_forward=6))
    torch.testing.assert_close(answers(encoder), expected, atol=1e-5, rtol=0)
    assert isinstance(encoder.layers[0].up, LowRank)


def test_a_matrix_that_would_not_get_smaller_stays_as_it_is() -> None:
    # 16 x 48 breaks even at rank 12, 16 x 24 at 9.6
    encoder = network()
    outcomes = factorize(encoder, settings(feed_forward=10))
    assert [outcome.thin is not None for outcome in outcomes] == [True, True, False, False]
    assert encoder.config.ranks == ({"up": 10, "down": 10}, {})
    assert [o.name for o in outcomes if not o.thin] == ["layers.1.up", "layers.1.down"]


def test_what_is_thin_already_only_gets_thinner() -> None:
    encoder = network(embedding_rank=6, ranks=({"up": 7}, {}))
    before = encoder.params
    outcomes = factorize(encoder, settings(embeddings=6, feed_forward=7))
    assert [o.name for o in outcomes if o.thin] == ["layers.0.down", "layers.1.up", "layers.1.down"]
    factorize(encoder, settings(embeddings=3, feed_forward=4))
    assert (encoder.config.embedding_rank, encoder.config.rank(0, "up")) == (3, 4)
    assert encoder.params < before


def test_biases_stay() -> None:
    encoder = network()
    torch.nn.init.normal_(encoder.layers[1].down.bias)
    bias = encoder.layers[1].down.bias.clone()
    factorize(encoder, settings(feed_forward=4))
    factorize(encoder, settings(feed_forward=2))
    assert torch.equal(encoder.layers[1].down.widen.bias, bias)


def test_all_weights_can_be_trained_afterwards() -> None:
    encoder = network()
    factorize(encoder, settings(embeddings=4, attention=3, feed_forward=5))
    assert all(weight.requires_grad for weight in encoder.parameters())
