"""How alike the tokens of a text are to a network's last layer: what MiniLMv2 teaches.

Only the likeness of tokens to each other is compared, never the vectors themselves, so that a
student may be of any width and any number of heads.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from edgecompress.core.errors import StageError
from edgecompress.models.classifier import Classifier, Output
from edgecompress.models.encoder import Encoder, additive_mask
from edgecompress.models.layers import Attention

NARROWEST = 16  # the width of a relation head in the paper, for teachers of all sizes
KINDS = 3  # queries, keys, values


def last_vectors(model: Classifier, output: Output) -> Tensor:
    """Queries, keys and values of the last layer side by side, [b, s, 3 * width].

    They are made again from the hidden state that entered the layer, which is cheaper than to
    keep them for every layer that nobody asks about.

    Args:
        model: of our own class; see `as_encoder`.
        output: of this model, with hidden states.

    Raises:
        StageError: the model is of another class, or its last layer has lost all heads.
    """
    layer = model.layers[-1] if isinstance(model, Encoder) else model
    attention = getattr(layer, "attention", None)
    if not isinstance(attention, Attention):
        raise StageError(f"objective.relations: a {type(layer).__name__} does not show them")
    if not attention.heads:
        raise StageError("objective.relations: the last layer has no heads left; take weight 0")
    entered = (output.hidden or ())[-2]
    made = [part(entered) for part in (attention.query, attention.key, attention.value)]
    return torch.cat(made, dim=-1)


def relation_heads(ours: int, theirs: int) -> int:
    """Into how many heads both widths are cut: as many as can be, none under 16 wide.

    Many thin heads tell more than few wide ones; the paper takes 48 for a network 768 wide.
    """
    common = math.gcd(ours, theirs)
    fits = [
        n for n in range(1, common + 1) if common % n == 0 and min(ours, theirs) // n >= NARROWEST
    ]
    return max(fits, default=1)


def relation_loss(ours: Tensor, theirs: Tensor, mask: Tensor) -> Tensor:
    """KL(teacher || student) of query-query, key-key and value-value relations, in nats.

    A relation is the softmax of A A^T / sqrt(d) of one relation head of width d. The mean is over
    the three kinds, the heads, and the tokens that look; padding is not looked at.

    Args:
        ours: [b, s, 3 * width], see `last_vectors`.
        theirs: the same of the teacher, whose width may be another.
        mask: [b, s], 1 on tokens.

    Source: Wang et al. (2021), MiniLMv2, arXiv:2012.15828, section 3.1.
    """
    heads = relation_heads(ours.shape[-1] // KINDS, theirs.shape[-1] // KINDS)
    real = mask[:, None, :]
    total = ours.new_zeros((), dtype=torch.float32)
    with torch.autocast("cpu", enabled=False):  # sums of many products: bf16 would blur them
        pairs = zip(ours.float().chunk(KINDS, -1), theirs.float().chunk(KINDS, -1), strict=True)
        for student, teacher in pairs:
            mine, goal = (_relations(vectors, heads, mask) for vectors in (student, teacher))
            kl = functional.kl_div(mine, goal, reduction="none", log_target=True).sum(dim=-1)
            total = total + (kl * real).sum() / (real.sum() * heads)
    return total / KINDS


def _relations(vectors: Tensor, heads: int, mask: Tensor) -> Tensor:
    """[b, s, width] -> log of the relations, [b, heads, s, s]."""
    split = vectors.view(*vectors.shape[:2], heads, -1).transpose(1, 2)
    scores = split @ split.transpose(2, 3) / math.sqrt(split.shape[-1])
    return functional.log_softmax(scores + additive_mask(mask, scores.dtype), dim=-1)
