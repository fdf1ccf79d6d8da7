"""Token ids of several texts, padded into the three tensors a classifier takes."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from edgecompress.runtime.text import Encoded


class Inputs(NamedTuple):
    """A batch of b texts, s tokens long with its padding, in the order of `Classifier.forward`."""

    input_ids: Tensor  # [b, s]
    attention_mask: Tensor  # [b, s]: 1 on tokens, 0 on padding
    token_type_ids: Tensor  # [b, s]


def padded(texts: Sequence[Encoded], pad_id: int) -> Inputs:
    """Fill up on the right to the longest text, and no further."""
    longest = max(len(text.ids) for text in texts)
    ids = torch.full((len(texts), longest), pad_id)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, text in enumerate(texts):
        length = len(text.ids)
        ids[row, :length] = torch.tensor(text.ids)
        types[row, :length] = torch.tensor(text.type_ids)
        mask[row, :length] = 1
    return Inputs(ids, mask, types)
