from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from edgecompress.core.errors import StageError
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.theseus import Hybrid, first_successor, module_sizes

DEEP = EncoderConfig(
    vocab_size=50,
    hidden=16,
    heads=(4,) * 6,
    head_size=4,
    intermediate=(24,) * 6,
    labels=("bad", "good"),
    max_positions=20,
)
SIZES = (2, 1, 2, 1)


def predecessor(config: EncoderConfig = DEEP) -> Encoder:
    """A random network whose layers differ enough that a swapped one would show."""
    torch.manual_seed(3)
    encoder = Encoder(config)
    for weight in encoder.parameters():
        nn.init.normal_(weight, std=0.3)
    return encoder


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Four pairs of 17, 9, 3 and 17 tokens."""
    ids = torch.randint(3, 50, (4, 17), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 9:] = mask[2, 3:] = 0
    return ids, mask, (torch.arange(17) > 5).long().expand(4, 17)


def logits(model: Encoder, *, mode: str) -> Tensor:
    """With the same draws of dropout at each call."""
    torch.manual_seed(9)
    return model.train(mode == "train")(*batch()).logits.detach()


@pytest.mark.parametrize(
    ("asked", "depth", "expected"),
    [
        (6, 12, (2, 2, 2, 2, 2, 2)),
        (4, 6, (1, 2, 1, 2)),
        (3, 7, (2, 2, 3)),
        (5, 6, (1, 1, 1, 1, 2)),
        (1, 4, (4,)),
        ((2, 1, 2, 1), 6, (2, 1, 2, 1)),
    ],
)
def test_modules_are_as_equal_as_can_be_and_the_first_is_a_short_one(asked, depth, expected):
    assert module_sizes(asked, depth) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (7, "got 7; modules of at least one layer must add up to the 6 layers"),
        (0, "got 0; modules of at least one layer"),
        ((2, 2), r"got \[2, 2\]; modules of at least one layer must add up to the 6 layers"),
        ((), r"got \[\]; modules"),
        (6, "6 modules for 6 layers leave the model as deep as it is"),
        ((1, 1, 1, 1, 1, 1), "leave the model as deep as it is"),
    ],
)
def test_modules_that_do_not_fit_the_depth_are_refused(asked, message):
    with pytest.raises(StageError, match=message):
        module_sizes(asked, 6)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_wholly_replaced_it_is_the_successor_to_the_bit(mode):
    hybrid = Hybrid(predecessor(), SIZES, "bottom")
    hybrid.replace([1, 1, 1, 1])
    assert torch.equal(logits(hybrid, mode=mode), logits(hybrid.successor(), mode=mode))


def test_not_replaced_at_all_it_trains_as_the_predecessor_with_its_dropout():
    deep = predecessor()
    expected = logits(deep, mode="train")
    hybrid = Hybrid(deep.eval(), SIZES, "bottom")
    hybrid.replace([0, 0, 0, 0])
    assert torch.equal(logits(hybrid, mode="train"), expected)


def test_in_evaluation_the_successor_answers_whatever_is_replaced():
    hybrid = Hybrid(predecessor(), SIZES, "last")
    hybrid.replace([0, 0.5, 0, 1])
    assert torch.equal(logits(hybrid, mode="eval"), logits(hybrid.successor(), mode="eval"))
    assert not torch.equal(logits(hybrid, mode="eval"), logits(predecessor(), mode="eval"))


def test_a_partly_replaced_network_runs_the_layers_of_an_uneven_partition():
    deep = predecessor(replace(DEEP, dropout=0.0, attention_dropout=0.0, head_dropout=0.0))
    hybrid = Hybrid(deep, SIZES, "first")  # its layers are copies of 0, 2, 3 and 5
    hybrid.replace([1, 0, 0, 1])
    states = deep.embeddings(*batch()[::2])
    for index in (0, 2, 3, 4, 5):
        states, _ = deep.layers[index](states, batch()[1][:, None, None, :].bool(), False)
    expected = deep.head(states).detach()
    torch.testing.assert_close(logits(hybrid, mode="train"), expected, atol=1e-6, rtol=0)


def test_a_blend_is_the_weighted_mean_of_both_sides():
    deep = predecessor(replace(DEEP, dropout=0.0, attention_dropout=0.0))
    module = Hybrid(deep, (6,), "first").replaceable[0].train()
    states, answers = torch.randn(2, 5, 16), {}
    for weight in (0.0, 0.3, 1.0):
        module.weight = weight
        answers[weight] = module(states, None, False)[0]
    torch.testing.assert_close(answers[0.3], 0.7 * answers[0.0] + 0.3 * answers[1.0])


def test_the_predecessor_is_no_part_of_it_for_torch():
    deep = predecessor()
    hybrid = Hybrid(deep, SIZES, "bottom")
    theirs = {id(weight) for layer in deep.layers for weight in layer.parameters()}
    assert not theirs & {id(weight) for weight in hybrid.parameters()}
    assert hybrid.params == hybrid.successor().params
    assert len(hybrid.state_dict()) == len(hybrid.successor().state_dict())


def test_gradients_flow_through_frozen_layers_to_the_layers_below_them():
    deep = predecessor()
    hybrid = Hybrid(deep, SIZES, "bottom").train()
    hybrid.train_rest(False)
    hybrid.replace([1, 0, 0, 0])
    hybrid(*batch()).logits.sum().backward()
    first, second = hybrid.replaceable[:2]
    assert first.successor.up.weight.grad.abs().sum() > 0
    assert second.successor.up.weight.grad is None
    assert all(weight.grad is None for layer in deep.layers for weight in layer.parameters())
    assert all(weight.grad is None for weight in hybrid.head.parameters())


def test_embeddings_and_head_are_trained_where_that_is_said():
    hybrid = Hybrid(predecessor(), SIZES, "bottom")
    hybrid.train_rest(False)
    hybrid.train_rest(True)
    assert all(weight.requires_grad for weight in hybrid.parameters())


def test_the_successor_shares_the_weights_that_are_trained():
    hybrid = Hybrid(predecessor(), SIZES, "bottom")
    alone = hybrid.successor()
    with torch.no_grad():
        for weight in hybrid.parameters():
            weight.mul_(0.5)
    assert type(alone) is Encoder
    assert all(
        torch.equal(ours, theirs)
        for ours, theirs in zip(alone.parameters(), hybrid.parameters(), strict=True)
    )
    assert torch.equal(logits(alone, mode="eval"), logits(hybrid, mode="eval"))


def test_training_it_leaves_embeddings_and_head_of_the_predecessor_alone():
    deep = predecessor()
    before = deep.head.out.weight.clone()
    with torch.no_grad():
        Hybrid(deep, SIZES, "bottom").head.out.weight.zero_()
    assert torch.equal(deep.head.out.weight, before)


def test_the_attention_of_a_module_is_that_of_the_layer_that_is_trained():
    hybrid = Hybrid(predecessor(), SIZES, "bottom")
    assert hybrid.layers[-1].attention is hybrid.successor().layers[-1].attention


@pytest.mark.parametrize(
    ("start", "expected"),
    [("bottom", (0, 1, 2, 3)), ("first", (0, 2, 3, 5)), ("last", (1, 2, 4, 5))],
)
def test_a_successor_starts_from_copies_of_these_layers(start, expected):
    deep = predecessor()
    for layer, index in zip(first_successor(deep, SIZES, start).layers, expected, strict=True):
        assert torch.equal(layer.up.weight, deep.layers[index].up.weight)


def test_a_successor_may_start_from_the_mean_of_each_module():
    deep = predecessor()
    layers = first_successor(deep, SIZES, "mean").layers
    mean = (deep.layers[3].down.weight + deep.layers[4].down.weight) / 2
    torch.testing.assert_close(layers[2].down.weight, mean)
    assert torch.equal(layers[1].down.weight, deep.layers[2].down.weight)


PRUNED = replace(DEEP, heads=(4, 4, 3, 2, 2, 1), intermediate=(24, 24, 20, 8, 8, 6))
LOW_RANK = replace(DEEP, embedding_rank=4, ranks=({}, {}, {}, {"up": 3}, {"up": 3}, {}))


@pytest.mark.parametrize("config", [PRUNED, LOW_RANK])
@pytest.mark.parametrize("start", ["bottom", "first", "last"])
def test_layers_may_be_of_any_width_and_rank(config, start):
    hybrid = Hybrid(predecessor(config), SIZES, start)
    hybrid.replace([1, 0, 0.5, 0])
    hybrid.train()(*batch()).logits.sum().backward()
    hybrid.eval()
    with torch.no_grad():
        answer = hybrid(*batch(), hidden=True, attention=True)
    assert [states.shape for states in answer.hidden] == [(4, 17, 16)] * 5
    assert [maps.shape[1] for maps in answer.attention] == list(hybrid.config.heads)


def test_equal_widths_within_a_module_are_enough_for_a_mean():
    assert first_successor(predecessor(PRUNED), SIZES, "mean").config.heads == (4, 3, 2, 1)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (replace(DEEP, heads=(4, 4, 4, 2, 4, 4)), "layers 3 to 4 .* of different widths"),
        (LOW_RANK, "layers 3 to 4 .* of low rank; set bottom"),
    ],
)
def test_layers_without_a_mean_are_refused(config, why):
    with pytest.raises(StageError, match=f"theseus.start: {why}"):
        first_successor(predecessor(config), SIZES, "mean")
