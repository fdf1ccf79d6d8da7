"""Learning against an adversary: each text as it is, and pushed to where it hurts most."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from edgecompress.models.classifier import Classifier
from edgecompress.models.own_encoder import OwnEncoder
from edgecompress.training.batches import Batch
from edgecompress.training.objectives import Loss

TINY = 1e-12  # for texts that nothing hurts: they are not pushed
ALONE, GROWN = 0.25, 0.5  # shares of a training: until then no adversary, from then on a grown one


def hardened(loss: Loss, radius: float) -> Loss:
    """The mean of a loss as it is and after the push of the word vectors that raises it most.

    The push is one step along the gradient, over all tokens of a text but the first, which stands
    for no word. In L2 it is `radius` times the mean length of the text's own word vectors, so that
    neither a text's batch nor its length decides; 0.2 of that turned most right answers of a
    six-layer model. Students only: their network must be one of ours.

    The adversary comes after a quarter of the training and is grown after half of it: a narrow
    student that met it at once learnt nothing but to give one answer.

    Source: Miyato, Dai & Goodfellow (2017), arXiv:1605.07725, equations 5 and 6; there the vectors
    are normalised beforehand, and the radius is absolute.
    """

    def both(model: Classifier, batch: Batch) -> Tensor:
        """Of one batch; about 2.5 times the work where there is an adversary."""
        assert isinstance(model, OwnEncoder), "students are made of our own layers"
        reach = radius * min(1.0, (batch.done - ALONE) / (GROWN - ALONE))
        if reach <= 0:
            return loss(model, batch)
        push = _Push()
        with _on(model, push):
            calm = loss(model, batch)
            (uphill,) = torch.autograd.grad(calm, push.by, retain_graph=True)
            push.go(uphill, batch.inputs.attention_mask, reach)
            return (calm + loss(model, batch)) / 2

    return both


class _Push:
    """What is added to the word vectors of a batch; a forward hook, at first of nothing."""

    by: Tensor  # [b, s, hidden]
    words: Tensor | None = None  # as they were, [b, s, hidden]

    def __call__(self, _module: object, _entering: object, words: Tensor) -> Tensor:
        if self.words is None:
            self.words = words.detach()
            self.by = torch.zeros_like(words, requires_grad=True)
        return words + self.by

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
