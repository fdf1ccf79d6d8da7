"""Learning against an adversary: texts as they are, and pushed to where it hurts most."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from edgecompress.models.classifier import Classifier
from edgecompress.models.own_encoder import OwnEncoder
from edgecompress.training.batches import EVERY_OTHER, Batch
from edgecompress.training.objectives import Loss

TINY = 1e-12  # for texts that nothing hurts: they are not pushed
ALONE, GROWN = 0.25, 0.5  # shares of a training: until then no adversary, from then on a grown one


def hardened(loss: Loss, radius: float) -> Loss:
    """A loss of a batch of which every other text is pushed: its word vectors, to where it hurts.

    The push is one step along the gradient, over all tokens of a text but the first, which stands
    for no word. In L2 it is `radius` times the mean length of the text's own word vectors, so that
    neither a text's batch nor its length decides; 0.2 of that turned most right answers of a
    six-layer model. Students only: their network must be one of ours.

    Over the epochs every text is learnt both as it is and pushed. Batches are drawn anew in each,
    so chance decides when, and the loss is that of learning all texts both ways at less than half
    of what the adversary would cost then.

    The adversary comes after a quarter of the training and is grown after half of it: a narrow
    student that met it at once learnt nothing but to give one answer.

    Source: Miyato, Dai & Goodfellow (2017), arXiv:1605.07725, equations 5 and 6; there the vectors
    are normalised beforehand, the radius is absolute, and all texts are learnt both ways at once.
    """

    def mixed(model: Classifier, batch: Batch) -> Tensor:
        """Of one batch; about 1.3 times the work where there is an adversary."""
        assert isinstance(model, OwnEncoder), "students are made of our own layers"
        reach = radius * min(1.0, (batch.done - ALONE) / (GROWN - ALONE))
        if reach <= 0:
            return loss(model, batch)
        push, pushed = _Push(), batch.every_other()
        with _on(model, push):
            (uphill,) = torch.autograd.grad(loss(model, pushed), push.by)
            push.go(uphill, pushed.inputs.attention_mask, reach)
            return loss(model, batch)

    return mixed


class _Push:
    """What is added to the word vectors of every other text; a forward hook, at first of nothing.

    It first sees these texts alone, then the batch that they are of.
    """

    by: Tensor  # [texts pushed, their longest, hidden]
    words: Tensor | None = None  # theirs, as they were

    def __call__(self, _module: object, _entering: object, words: Tensor) -> Tensor:
        if self.words is None:
            self.words = words.detach()
            self.by = torch.zeros_like(words, requires_grad=True)
            return words + self.by
        all_of_them = torch.zeros_like(words)
        all_of_them[EVERY_OTHER, : self.by.shape[1]] = self.by
        return words + all_of_them

    def go(self, uphill: Tensor, mask: Tensor, radius: float) -> None:
        """Along this gradient, each text by itself; `mask` [b, s] is 1 on tokens."""
        assert self.words is not None, "there was a forward pass"
        real = mask.float()
        lengths = (self.words.float().norm(dim=-1) * real).sum(dim=1) / real.sum(dim=1)
        movable = real.clone()
        movable[:, 0] = 0
        uphill = uphill.float() * movable.unsqueeze(-1)
        steep = uphill.flatten(1).norm(dim=1).clamp_min(TINY)
        self.by = (uphill * (radius * lengths / steep)[:, None, None]).to(self.words.dtype)


@contextmanager
def _on(model: OwnEncoder, push: Any) -> Iterator[None]:
    """Every forward pass within adds the push, before words meet their positions."""
    handle = model.embeddings.widen.register_forward_hook(push)
    try:
        yield
    finally:
        handle.remove()
