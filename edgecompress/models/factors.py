"""A wide matrix as the product of two thin ones: of all products of its rank, the closest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from edgecompress.models.encoder import Encoder, LowRank
from edgecompress.models.encoder_config import ATTENTION, FEED_FORWARD
from edgecompress.recipe.shrinking import Factorize

WORD_TABLE = "embeddings.word"


@dataclass(frozen=True)
class Wide:
    """A matrix as the network stores it now: whole, or as two factors already."""

    left: Tensor  # [rows, columns], or [rows, rank]
    right: Tensor | None = None  # [rank, columns]
    row_weights: Tensor | None = None  # [rows], positive: how much an error in a row counts

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, however it is stored."""
        return self.left.shape[0], (self.left if self.right is None else self.right).shape[1]

    @property
    def numbers(self) -> int:
        """How many are stored."""
        return self.left.numel() + (0 if self.right is None else self.right.numel())

    @property
    def values(self) -> Tensor:
        """[rows, columns], in double precision."""
        left = self.left.detach().double()
        return left if self.right is None else left @ self.right.detach().double()

    def weighted(self, values: Tensor) -> Tensor:
        """Each row of [rows, columns] multiplied by its weight."""
        return values if self.row_weights is None else self.row_weights[:, None] * values

    @cached_property
    def spectrum(self) -> tuple[Tensor, Tensor]:
        """Of the weighted matrix: singular values [k], falling, and right vectors [k, columns]."""
        _, values, vectors = torch.linalg.svd(self.weighted(self.values), full_matrices=False)
        return values, vectors


@dataclass(frozen=True)
class Thin:
    """Two factors, and how far their product is from the matrix."""

    left: Tensor  # [rows, rank]
    right: Tensor  # [rank, columns], with orthonormal rows
    error: float  # Frobenius norm of the difference, as a share of the matrix's own
    weighted_error: float  # the same, with each row multiplied by its weight

    @property
    def rank(self) -> int:
        """Width between the two."""
        return len(self.right)


@dataclass(frozen=True)
class Outcome:
    """What became of one matrix of a network."""

    name: str  # "embeddings.word", "layers.0.attention.query"
    rank: int
    thin: Thin | None  # None: at this rank it would not get smaller, so it is as it was


def split(wide: Wide, rank: int) -> Thin:
    """The closest product of this rank, where an error in a row counts by the row's weight.

    With W for the weights and U S V' for W M, the closest product is W^-1 U_r S_r V_r', which is
    (M V_r) V_r': only V is needed. Two factors are multiplied out first, since of factors that
    were trained no leading part is the closest product of a lower rank.

    Source: Eckart & Young (1936), doi:10.1007/BF02288367.
    """
    values = wide.values
    right = wide.spectrum[1][:rank]
    left = values @ right.T
    missed = values - left @ right
    error = float(missed.norm() / values.norm())
    weighted_error = float(wide.weighted(missed).norm() / wide.weighted(values).norm())
    return Thin(left.float(), right.float(), error, weighted_error)


def choose_rank(wide: Wide, asked: int | float, multiple_of: int) -> int:
    """The rank asked for, or the least that keeps so much of the energy; then rounded up.

    Energy is the sum of the squared singular values of the weighted matrix.
    """
    rank = int(asked)
    if isinstance(asked, float):
        kept = wide.spectrum[0].square().cumsum(0)
        rank = int((kept < asked * kept[-1]).sum()) + 1
    return -(-rank // multiple_of) * multiple_of


def factorize(
    encoder: Encoder, settings: Factorize, row_weights: Tensor | None = None
) -> list[Outcome]:
    """Split, in place, each matrix that the settings name and that gets smaller by it.

    Args:
        encoder: its configuration follows its weights.
        settings: ranks, or shares of energy, by kind of matrix.
        row_weights: [vocab_size], of the word table; None counts all rows alike.
    """
    outcomes = []
    for name, asked in _asked(encoder, settings):
        wide = _stored(encoder, name, row_weights)
        rank = choose_rank(wide, asked, settings.multiple_of)
        thin = split(wide, rank) if rank * sum(wide.shape) < wide.numbers else None
        if thin and name == WORD_TABLE:
            _store_table(encoder, thin)
        elif thin:
            _store_layer(encoder, name, thin)
        outcomes.append(Outcome(name, rank, thin))
    return outcomes


def _asked(encoder: Encoder, settings: Factorize) -> Iterator[tuple[str, int | float]]:
    """The modules of the matrices to split, each with what the settings ask of it."""
    if settings.embeddings is not None:
        yield WORD_TABLE, settings.embeddings
    for layer in range(encoder.config.layers):
        if settings.attention is not None:
            for matrix in ATTENTION:
                yield f"layers.{layer}.attention.{matrix}", settings.attention
        if settings.feed_forward is not None:
            for matrix in FEED_FORWARD:
                yield f"layers.{layer}.{matrix}", settings.feed_forward


def _stored(encoder: Encoder, name: str, row_weights: Tensor | None) -> Wide:
    module = encoder.get_submodule(name)
    if isinstance(module, LowRank):
        return Wide(module.widen.weight, module.narrow.weight)
    assert isinstance(module, nn.Linear | nn.Embedding)
    if name != WORD_TABLE:
        return Wide(module.weight)
    widen = encoder.embeddings.widen
    right = widen.weight.T if isinstance(widen, nn.Linear) else None
    return Wide(module.weight, right, row_weights)


def _store_table(encoder: Encoder, thin: Thin) -> None:
    words = nn.Embedding(len(thin.left), thin.rank)
    words.load_state_dict({"weight": thin.left})
    widen = nn.Linear(thin.rank, thin.right.shape[1], bias=False)
    widen.load_state_dict({"weight": thin.right.T})
    encoder.embeddings.word, encoder.embeddings.widen = words, widen
    encoder.config = replace(encoder.config, embedding_rank=thin.rank)


def _store_layer(encoder: Encoder, name: str, thin: Thin) -> None:
    whole = encoder.get_submodule(name)
    factors = LowRank(thin.right.shape[1], thin.rank, thin.left.shape[0])
    bias = (whole.widen if isinstance(whole, LowRank) else whole).bias
    weights = {"narrow.weight": thin.right, "widen.weight": thin.left, "widen.bias": bias}
    factors.load_state_dict(weights)
    owner, _, matrix = name.rpartition(".")
    setattr(encoder.get_submodule(owner), matrix, factors)
    ranks = [dict(layer) for layer in encoder.config.ranks or ({},) * encoder.config.layers]
    ranks[int(name.split(".")[1])][matrix] = thin.rank
    encoder.config = replace(encoder.config, ranks=tuple(ranks))
