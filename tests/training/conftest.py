"""A tiny network with dropout, and rows it can learn: the class is which of two ids comes more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from edgecompress.core.progress import Progress, Silent
from edgecompress.core.ranks import ALONE, Ranks
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.runtime.text import Encoded
from edgecompress.training.batches import TokenRows

CONFIG = EncoderConfig(
    vocab_size=12,
    hidden=16,
    heads=(2, 2),
    head_size=8,
    intermediate=(32, 32),
    labels=("a", "b"),
    max_positions=16,
)


@dataclass(frozen=True)
class Here:
    """Surroundings of a training."""

    scratch: Path
    seed: int = 7
    threads: int = 1
    progress: Progress = field(default_factory=Silent)
    ranks: Ranks = ALONE


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


@pytest.fixture
def new_encoder() -> Callable[[], Encoder]:
    """Gives an encoder with the same first weights at each call."""

    def make() -> Encoder:
        torch.manual_seed(11)
        return Encoder(CONFIG)

    return make


@pytest.fixture
def new_rows() -> Callable[[int], TokenRows]:
    """Gives so many rows of 3 to 12 tokens."""

    def make(count: int, seed: int = 1) -> TokenRows:
        chance = np.random.default_rng(seed)
        encoded, labels = [], []
        for _ in range(count):
            label = int(chance.integers(2))
            shares = (0.9, 0.1) if label else (0.1, 0.9)
            body = chance.choice([5, 6], size=int(chance.integers(1, 11)), p=shares).tolist()
            ids = [2, *body, 3]
            encoded.append(Encoded(ids, [0] * len(ids), truncated=len(ids) == 12))
            labels.append(label)
        origins = [f"made.csv:{row + 2}" for row in range(count)]
        return TokenRows(encoded, np.array(labels), origins, pad_id=0)

    return make
