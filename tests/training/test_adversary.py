"""What a push of the word vectors is, seen through the network that reads them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from edgecompress.models.encoder import Encoder
from edgecompress.training.adversary import hardened
from edgecompress.training.batches import Batch, TokenRows
from edgecompress.training.objectives import supervised

RADIUS = 0.2


@dataclass(frozen=True)
class Seen:
    """What the first norm got to read, pass by pass, and the loss of each pass."""

    states: list[Tensor]
    losses: list[float]
    learnt: float  # what `hardened` gave

    @property
    def moved(self) -> Tensor:
        """Of the texts that are pushed: after the push, minus before."""
        longest = self.states[0].shape[1]
        return self.states[-1][::2, :longest] - self.states[0]


@contextmanager
def told_to(states: list[Tensor], reader: Encoder) -> Iterator[None]:
    """Everything that enters the first norm is appended."""
    norm = reader.embeddings.norm
    handle = norm.register_forward_pre_hook(lambda _, given: states.append(given[0].detach()))
    yield
    handle.remove()


@pytest.fixture
def reader(new_encoder) -> Encoder:
    """Without dropout, so that two passes differ by the push alone."""
    return new_encoder().eval()


@pytest.fixture
def read(reader) -> Callable[[Batch], Seen]:
    """Takes the loss of a batch and tells what was read for it."""

    def make(batch: Batch) -> Seen:
        states, losses = list[Tensor](), list[float]()

        def told(model, batch):
            loss = supervised(model, batch)
            losses.append(loss.item())
            return loss

        with told_to(states, reader):
            learnt = hardened(told, RADIUS)(reader, batch).item()
        return Seen(states, losses, learnt)

    return make


def batch_of(rows: TokenRows, *numbers: int) -> Batch:
    return rows.batch(torch.tensor(numbers).numpy())


def test_a_text_is_pushed_by_a_share_of_the_mean_length_of_its_words(reader, read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    ids, mask = (part[::2] for part in batch.inputs[:2])
    words = reader.embeddings.word(ids).norm(dim=-1) * mask
    expected = RADIUS * words.sum(dim=1) / mask.sum(dim=1)
    moved = read(batch).moved.flatten(1).norm(dim=1)
    torch.testing.assert_close(moved, expected.detach())


def test_every_other_text_is_read_as_it_is(reader, read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    calm = list[Tensor]()
    with told_to(calm, reader):
        reader(*batch.inputs)
    assert torch.equal(read(batch).states[-1][1::2], calm[0][1::2])


def test_neither_the_first_token_nor_padding_is_pushed(read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    moved = read(batch).moved.norm(dim=-1) > 0
    expected = batch.inputs.attention_mask[::2, : moved.shape[1]].bool()
    expected[:, 0] = False
    assert torch.equal(moved, expected)


def test_the_push_raises_the_loss_of_the_texts_that_are_pushed(reader, read, new_rows):
    batch = batch_of(new_rows(8), *range(8))
    seen, unmoved = read(batch), supervised(reader, batch).item()
    assert seen.learnt > unmoved


def test_the_loss_is_that_of_the_whole_batch(read, new_rows):
    seen = read(batch_of(new_rows(8), *range(8)))
    assert (len(seen.states[0]), len(seen.states[-1])) == (4, 8)
    assert seen.learnt == pytest.approx(seen.losses[-1])


def test_a_text_is_pushed_alike_alone_and_in_a_batch(read, new_rows):
    rows = new_rows(8)
    together, alone = read(batch_of(rows, *range(8))).moved, read(batch_of(rows, 4)).moved
    tokens = int(rows.lengths[4])
    torch.testing.assert_close(together[2, :tokens], alone[0], atol=1e-5, rtol=1e-3)


def test_a_text_that_teaches_nothing_is_not_pushed(read, new_rows):
    rows = new_rows(6)
    rows.labels[2] = -1
    moved = read(batch_of(rows, *range(6))).moved.flatten(1).norm(dim=1) > 0
    assert moved.tolist() == [True, False, True]


@pytest.mark.parametrize(("done", "share"), [(0.25, None), (0.375, 0.5), (0.5, 1.0)])
def test_the_adversary_comes_after_a_quarter_and_is_grown_after_half(done, share, read, new_rows):
    batch = batch_of(new_rows(4), *range(4))
    early = read(replace(batch, done=done))
    if share is None:
        assert len(early.states) == 1
    else:
        torch.testing.assert_close(early.moved, share * read(batch).moved)


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
