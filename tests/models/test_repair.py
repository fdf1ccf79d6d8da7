import copy
from dataclasses import replace

import pytest
import torch

from edgecompress.core.progress import Silent
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.inputs import Inputs
from edgecompress.models.pruning import Kept, cut_widths
from edgecompress.models.repair import refit_outputs

CONFIG = EncoderConfig(
    vocab_size=30,
    hidden=16,
    heads=(4, 4),
    head_size=4,
    intermediate=(32, 32),
    labels=("a", "b"),
    max_positions=16,
)
KEPT = [Kept((0, 1, 3), tuple(range(24)))] * 2
RANKS = ({"out": 8, "down": 8}, {"up": 8})


def network(config: EncoderConfig = CONFIG) -> Encoder:
    torch.manual_seed(2)
    encoder = Encoder(config).eval()
    with torch.no_grad():
        for weight in encoder.layers.parameters():
            weight.normal_(std=0.3)
    return encoder


def batches(seed: int, count: int = 16) -> list[Inputs]:
    """Batches of eight texts of 3 to 12 tokens, padded."""
    chance, made = torch.Generator().manual_seed(seed), []
    for _ in range(count):
        ids = torch.randint(1, 30, (8, 12), generator=chance)
        lengths = torch.randint(3, 13, (8, 1), generator=chance)
        mask = (torch.arange(12) < lengths).long()
        made.append(Inputs(ids * mask, mask, torch.zeros_like(ids)))
    return made


@torch.no_grad()
def distance(one: Encoder, other: Encoder, inputs: list[Inputs]) -> float:
    """Mean square between their last states, over tokens."""
    total, count = 0.0, 0
    for batch in inputs:
        ours, theirs = (network(*batch, hidden=True).hidden[-1] for network in (one, other))
        real = batch.attention_mask.bool()
        total += float((ours - theirs)[real].square().sum())
        count += int(real.sum())
    return total / count


@pytest.mark.parametrize("ranks", [(), RANKS], ids=["whole", "low rank"])
def test_states_of_other_texts_come_closer_to_those_of_the_whole_network(ranks):
    whole = network(replace(CONFIG, ranks=ranks))
    narrow = cut_widths(whole, KEPT)
    before = distance(narrow, whole, batches(2))
    refit_outputs(narrow, whole, batches(1), Silent())
    assert distance(narrow, whole, batches(2)) < 0.8 * before


def test_a_network_that_lost_nothing_is_left_as_it_is():
    whole = network()
    same = copy.deepcopy(whole)
    refit_outputs(same, whole, batches(1), Silent())
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(same.state_dict()[name], weight, atol=1e-5, rtol=0)


def test_only_output_matrices_move_and_the_whole_network_does_not():
    whole = network()
    narrow = cut_widths(whole, KEPT)
    before = copy.deepcopy(narrow)
    refit_outputs(narrow, whole, batches(1), Silent())
    moved = {
        name
        for name, weight in narrow.state_dict().items()
        if not torch.equal(weight, before.state_dict()[name])
    }
    outputs = ("attention.out.weight", "attention.out.bias", "down.weight", "down.bias")
    assert moved == {f"layers.{layer}.{name}" for layer in (0, 1) for name in outputs}
    assert all(torch.equal(w, network().state_dict()[n]) for n, w in whole.state_dict().items())


def test_padding_is_not_fitted():
    whole = network()
    one, other = cut_widths(whole, KEPT), cut_widths(whole, KEPT)
    longer = [
        Inputs(*(torch.nn.functional.pad(part, (0, 3)) for part in batch)) for batch in batches(1)
    ]
    refit_outputs(one, whole, batches(1), Silent())
    refit_outputs(other, whole, longer, Silent())
    for name, weight in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], weight, atol=1e-4, rtol=1e-3)


def test_few_texts_do_not_move_a_weight_far():
    whole = network()
    narrow = cut_widths(whole, KEPT)
    before = copy.deepcopy(narrow)
    one_text = Inputs(*(part[:1] for part in batches(1)[0]))
    refit_outputs(narrow, whole, [one_text], Silent())
    for name, weight in narrow.state_dict().items():
        assert (weight - before.state_dict()[name]).abs().max() < 3, name


def test_the_mode_of_both_networks_is_kept():
    whole, narrow = network().train(), cut_widths(network(), KEPT).eval()
    refit_outputs(narrow, whole, batches(1, 1), Silent())
    assert (whole.training, narrow.training) == (True, False)
