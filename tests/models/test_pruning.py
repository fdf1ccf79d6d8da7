from dataclasses import replace

import pytest
import torch

from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.layers import LowRank
from edgecompress.models.pruning import Kept, cut_widths

CONFIG = EncoderConfig(
    vocab_size=30,
    hidden=12,
    heads=(4, 3),
    head_size=5,
    intermediate=(16, 10),
    labels=("a", "b"),
    max_positions=16,
)
RANKS = ({"query": 3, "value": 4, "out": 5, "up": 2, "down": 6}, {"key": 2})
KEPT = [Kept((0, 2), (1, 5, 6, 15)), Kept((1,), (0, 9))]


def network(config: EncoderConfig) -> Encoder:
    """Weights large enough that every head and neuron shows in the answers."""
    torch.manual_seed(2)
    encoder = Encoder(config).eval()
    with torch.no_grad():
        for weight in encoder.parameters():
            weight.normal_(std=0.5)
    return encoder


def masked(encoder: Encoder, kept: list[Kept]) -> Encoder:
    """The whole network, with what is not kept read with weight 0."""
    for layer, left in zip(encoder.layers, kept, strict=True):
        for module, per, numbers in (
            (layer.attention.out, CONFIG.head_size, left.heads),
            (layer.down, 1, left.neurons),
        ):
            first = module.narrow if isinstance(module, LowRank) else module
            gone = sorted(set(range(first.in_features // per)) - set(numbers))
            with torch.no_grad():
                for number in gone:
                    first.weight[:, number * per : (number + 1) * per] = 0
    return encoder


def answers(encoder: Encoder) -> torch.Tensor:
    ids = torch.tensor([[2, 7, 9, 11, 3], [2, 8, 3, 0, 0]])
    with torch.no_grad():
        return encoder(ids, (ids != 0).long()).logits


@pytest.mark.parametrize("ranks", [(), RANKS], ids=["whole", "low rank"])
def test_the_pruned_network_answers_as_the_masked_one(ranks):
    encoder = network(replace(CONFIG, ranks=ranks))
    pruned = cut_widths(encoder, KEPT)
    assert (pruned.config.heads, pruned.config.intermediate) == ((2, 1), (4, 2))
    expected = answers(masked(network(encoder.config), KEPT))
    torch.testing.assert_close(answers(pruned), expected, atol=1e-5, rtol=0)
    assert (answers(encoder) - expected).abs().max() > 1e-2


def test_the_order_in_which_parts_are_named_does_not_count():
    encoder = network(CONFIG)
    shuffled = [Kept((2, 0), (15, 1, 6, 5)), KEPT[1]]
    assert torch.equal(answers(cut_widths(encoder, shuffled)), answers(cut_widths(encoder, KEPT)))


def test_the_network_that_is_cut_stays_whole():
    encoder = network(CONFIG)
    cut_widths(encoder, KEPT)
    assert torch.equal(answers(encoder), answers(network(CONFIG)))


@pytest.mark.parametrize("ranks", [(), RANKS], ids=["whole", "low rank"])
def test_every_shape_is_that_of_the_configuration(ranks):
    pruned = cut_widths(network(replace(CONFIG, ranks=ranks)), KEPT)
    fresh = Encoder(pruned.config)
    fresh.load_state_dict(pruned.state_dict())
    assert torch.equal(answers(fresh.eval()), answers(pruned))
    assert pruned.layers[0].down.in_features == 4
