"""What a push of the word vectors is, seen through the network that reads them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from edgecompress.models.encoder import Encoder
from edgecompress.training.adversary import hardened
from edgecompress.training.batches import Batch, TokenRows
from edgecompress.training.objectives import supervised

RADIUS = 0.2
Read = tuple[list[Tensor], list[float]]


@pytest.fixture
def reader(new_encoder) -> Encoder:
    """Without dropout, so that two passes differ by the push alone."""
    return new_encoder().eval()


@pytest.fixture
def read(reader) -> Callable[[Batch], Read]:
    """Gives the states before the first norm, pass by pass, and what each pass cost."""

    def make(batch: Batch) -> Read:
        states, losses = list[Tensor](), list[float]()

        def told(model, batch):
            loss = supervised(model, batch)
            losses.append(loss.item())
            return loss

        norm = reader.embeddings.norm
        handle = norm.register_forward_pre_hook(lambda _, given: states.append(given[0].detach()))
        hardened(told, RADIUS)(reader, batch)
        handle.remove()
        return states, losses

    return make


def batch_of(rows: TokenRows, *numbers: int) -> Batch:
    return rows.batch(torch.tensor(numbers).numpy())


def test_a_text_is_pushed_by_a_share_of_the_mean_length_of_its_words(reader, read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    (calm, pushed), _ = read(batch)
    ids, mask = batch.inputs.input_ids, batch.inputs.attention_mask
    words = reader.embeddings.word(ids).norm(dim=-1) * mask
    expected = RADIUS * words.sum(dim=1) / mask.sum(dim=1)
    torch.testing.assert_close((pushed - calm).flatten(1).norm(dim=1), expected.detach())


def test_neither_the_first_token_nor_padding_is_pushed(read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    (calm, pushed), _ = read(batch)
    moved = (pushed - calm).norm(dim=-1) > 0
    expected = batch.inputs.attention_mask.bool()
    expected[:, 0] = False
    assert torch.equal(moved, expected)


def test_the_push_raises_the_loss_and_the_mean_of_both_is_learnt(reader, read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    _, (calm, pushed) = read(batch)
    assert pushed > calm
    mean = hardened(supervised, RADIUS)(reader, batch).item()
    assert mean == pytest.approx((calm + pushed) / 2)


def test_a_text_is_pushed_alike_alone_and_in_a_batch(read, new_rows):
    rows = new_rows(8)
    (calm, pushed), _ = read(batch_of(rows, *range(8)))
    (calm_alone, pushed_alone), _ = read(batch_of(rows, 3))
    tokens = int(rows.lengths[3])
    together, alone = (pushed - calm)[3, :tokens], (pushed_alone - calm_alone)[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-3)


def test_a_text_that_teaches_nothing_is_not_pushed(read, new_rows):
    rows = new_rows(4)
    rows.labels[2] = -1
    (calm, pushed), _ = read(batch_of(rows, *range(4)))
    moved = (pushed - calm).flatten(1).norm(dim=1) > 0
    assert moved.tolist() == [True, True, False, True]


@pytest.mark.parametrize(("done", "share"), [(0.25, None), (0.375, 0.5), (0.5, 1.0)])
def test_the_adversary_comes_after_a_quarter_and_is_grown_after_half(done, share, read, new_rows):
    whole, _ = read(batch_of(new_rows(4), *range(4)))
    early, _ = read(replace(batch_of(new_rows(4), *range(4)), done=done))
    if share is None:
        assert len(early) == 1
    else:
        torch.testing.assert_close(early[1] - early[0], share * (whole[1] - whole[0]))


def test_nothing_is_pushed_afterwards_even_if_the_loss_fails(reader, new_rows):
    batch = batch_of(new_rows(4), *range(4))
    before = reader(*batch.inputs).logits

    def fails_when_pushed(model, batch):
        loss = supervised(model, batch)
        if not torch.equal(model(*batch.inputs).logits, before):
            raise RuntimeError
        return loss

    with pytest.raises(RuntimeError):
        hardened(fails_when_pushed, RADIUS)(reader, batch)
    assert torch.equal(reader(*batch.inputs).logits, before)
