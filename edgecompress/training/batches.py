"""Rows of token ids, and the batches of an epoch, which hold texts of about one length.

Texts of like length together need hardly any padding: on short reviews that halves the tokens a
network must read, against batches drawn at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgecompress.core.case import IntArray
from edgecompress.core.texts import TextSet
from edgecompress.models.inputs import Inputs, padded
from edgecompress.runtime.text import Encoded, TextEncoder

EVERY_OTHER = slice(None, None, 2)
POOL_BATCHES = 50  # sorted together; large pools pad less, small ones shuffle better


@dataclass(frozen=True)
class TokenRows:
    """The texts of one data role as a network reads them."""

    encoded: Sequence[Encoded]
    labels: IntArray  # [n]
    origins: Sequence[str]  # where each row came from, for error messages
    pad_id: int

    @classmethod
    def of(cls, texts: TextSet, encoder: TextEncoder) -> Self:
        """Tokenize once; every epoch reads the ids.

        Raises:
            InputError: a text cannot be tokenized.
        """
        return cls(encoder.encode(texts.texts), texts.labels, texts.origins, encoder.pad_id)

    def __len__(self) -> int:
        return len(self.encoded)

    @property
    def lengths(self) -> IntArray:
        """Tokens of each row, [n]."""
        return np.array([len(text.ids) for text in self.encoded], np.int64)

    @property
    def truncated_share(self) -> float:
        """Share of the texts whose end is not read."""
        return sum(text.truncated for text in self.encoded) / len(self)

    def batch(self, rows: NDArray[np.int64], done: float = 1.0) -> "Batch":
        """The tensors of these rows, padded to the longest of them; see `Batch.done`."""
        inputs = padded([self.encoded[row] for row in rows], self.pad_id)
        return Batch(rows, inputs, torch.from_numpy(self.labels[rows]), done)


@dataclass(frozen=True)
class Batch:
    """What one step learns from."""

    rows: IntArray  # [b], numbers of the rows in their TokenRows
    inputs: Inputs
    labels: Tensor  # [b]
    done: float = 1.0  # share of the training's steps that came before it

    def every_other(self) -> Self:
        """The first, the third, ... row, padded to the longest of these."""
        longest = int(self.inputs.attention_mask[EVERY_OTHER].sum(dim=1).max())
        inputs = Inputs(*(part[EVERY_OTHER, :longest] for part in self.inputs))
        return replace(
            self, rows=self.rows[EVERY_OTHER], inputs=inputs, labels=self.labels[EVERY_OTHER]
        )


def epoch_batches(lengths: IntArray, batch_size: int, seed: int, epoch: int) -> list[IntArray]:
    """Row numbers of every batch of one epoch; each row comes once.

    A pure function of its arguments: to go on in the middle of an epoch, ask again and skip what
    is done. Rows are shuffled, cut into pools of 50 batches, sorted by length inside a pool, and
    the batches are shuffled, so that lengths do not come in a sequence.
    """
    chance = np.random.default_rng((seed, epoch))
    order = chance.permutation(len(lengths))
    pools = _cut(order, POOL_BATCHES * batch_size)
    batches = [
        batch
        for pool in pools
        for batch in _cut(pool[np.argsort(lengths[pool], kind="stable")], batch_size)
    ]
    return [batches[place] for place in chance.permutation(len(batches))]


def batches_by_length(lengths: IntArray, batch_size: int) -> list[IntArray]:
    """Every row once, shortest first, for passes whose order does not matter."""
    return _cut(np.argsort(lengths, kind="stable"), batch_size)


def _cut(rows: IntArray, size: int) -> list[IntArray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
