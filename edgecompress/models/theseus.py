"""A network on its way from deep to shallow: modules of layers, and the layer that replaces each.

Source: Xu et al. (2020), BERT-of-Theseus, arXiv:2002.02925, section 3.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Literal, Self

import torch
from torch import Tensor, nn

from edgecompress.core.errors import StageError
from edgecompress.models.encoder import Encoder, take_layers

Start = Literal["bottom", "first", "last", "mean"]


class Replaceable(nn.Module):
    """A module: some layers of the predecessor, and the successor's one layer for all of them.

    For torch only the successor's layer is a part of it: the others stand in no state_dict, are
    never trained or clipped, and let gradients through to what lies below.

    Attributes:
        weight: of the successor's layer in what comes out while training, 1 at first. At 0 and
            at 1 only one side is computed. In evaluation mode the successor answers alone.
    """

    def __init__(self, predecessor: Sequence[nn.Module], successor: nn.Module) -> None:
        super().__init__()
        self.successor = successor
        self.predecessor = tuple(layer.requires_grad_(False) for layer in predecessor)
        self.weight = 1.0

    @property
    def attention(self) -> nn.Module:
        """Of the successor's layer, for those who ask a network's layers for it."""
        return self.successor.get_submodule("attention")

    @property
    def drops_attention(self) -> bool:
        """As the successor's layer does."""
        return bool(self.successor.drops_attention)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of both sides.

        Frozen layers drop out as well, as in the authors' code: a layer of the successor then
        reads states as noisy as they will be once all its neighbours are replaced.
        """
        for layer in self.predecessor:
            layer.train(mode)
        return super().train(mode)

    def forward(
        self, states: Tensor, mask: Tensor | None, explicit: bool
    ) -> tuple[Tensor, Tensor | None]:
        """As a `Layer`; attention maps are those of the side that answers, in a blend ours."""
        ours: tuple[Tensor, Tensor | None]
        if not self.training or self.weight == 1:
            ours = self.successor(states, mask, explicit)
            return ours
        theirs, maps = states, None
        for layer in self.predecessor:
            theirs, maps = layer(theirs, mask, explicit)
        if self.weight == 0:
            return theirs, maps
        ours = self.successor(states, mask, explicit)
        return torch.lerp(theirs, ours[0], self.weight), ours[1]


class Hybrid(Encoder):
    """The successor, in whose training the predecessor's layers may stand in for its own.

    Embeddings and head are copies of the predecessor's; the predecessor's layers are used as they
    are, and frozen. To everybody who does not train it, it is the successor.
    """

    def __init__(self, predecessor: Encoder, sizes: Sequence[int], start: Start) -> None:
        """Cut the predecessor into modules of `sizes` layers; see `module_sizes`.

        Raises:
            StageError: the mean of layers that have no mean.
        """
        successor = first_successor(predecessor, sizes, start)
        with torch.device("meta"):  # nothing of it is kept but its shape
            super().__init__(successor.config)
        self.embeddings, self.head = successor.embeddings, successor.head
        self.replaceable = tuple(
            Replaceable([predecessor.layers[index] for index in module], layer)
            for module, layer in zip(_modules(sizes), successor.layers, strict=True)
        )
        self.layers = nn.ModuleList(self.replaceable)

    def replace(self, weights: Sequence[float]) -> None:
        """Set how much of each module the next forward passes in training replace, in [0, 1]."""
        for module, weight in zip(self.replaceable, weights, strict=True):
            module.weight = weight

    def train_rest(self, trained: bool) -> None:
        """Say whether embeddings and head are trained; the successor's layers always are."""
        self.embeddings.requires_grad_(trained)
        self.head.requires_grad_(trained)

    def successor(self) -> Encoder:
        """The shallow encoder alone; it shares all its weights with this network."""
        with torch.device("meta"):
            alone = Encoder(self.config)
        alone.embeddings, alone.head = self.embeddings, self.head
        alone.layers = nn.ModuleList(module.successor for module in self.replaceable)
        return alone.train(self.training)


def module_sizes(asked: int | tuple[int, ...], depth: int) -> tuple[int, ...]:
    """How many layers each module has: as asked for, or `asked` modules, as equal as can be.

    Where they cannot be equal the first module is a short one, since it is the one whose
    replacement costs most (table 5 of the paper): 6 layers in 4 modules are 1, 2, 1, 2.

    Raises:
        StageError: the modules do not add up to the depth, or none has two layers.
    """
    if isinstance(asked, tuple):
        sizes = asked
    else:
        sizes = tuple(
            (place + 1) * depth // asked - place * depth // asked for place in range(asked)
        )
    if sum(sizes) != depth or min(sizes, default=0) < 1:
        raise StageError(
            f"theseus.modules: got {asked if isinstance(asked, int) else list(asked)}; modules of "
            f"at least one layer must add up to the {depth} layers of the model"
        )
    if max(sizes) == 1:
        raise StageError(
            f"theseus.modules: {depth} modules for {depth} layers leave the model as deep as "
            "it is; ask for fewer"
        )
    return sizes


def first_successor(predecessor: Encoder, sizes: Sequence[int], start: Start) -> Encoder:
    """The successor before its training: a copy of one layer for each module.

    Raises:
        StageError: `mean`, and a module whose layers differ in their widths, or are of low rank:
            the mean of factors is not the factor of a mean.
    """
    modules = list(_modules(sizes))
    if start == "bottom":
        return take_layers(predecessor, range(len(modules)))
    if start == "last":
        return take_layers(predecessor, [module[-1] for module in modules])
    successor = take_layers(predecessor, [module[0] for module in modules])
    if start == "mean":
        for layer, module in zip(successor.layers, modules, strict=True):
            _require_alike(predecessor, module)
            states = [predecessor.layers[index].state_dict() for index in module]
            layer.load_state_dict(
                {name: torch.stack([s[name] for s in states]).mean(dim=0) for name in states[0]}
            )
    return successor


def _modules(sizes: Sequence[int]) -> list[range]:
    """Which layers of the predecessor each module holds."""
    return [range(first, end) for first, end in pairwise(accumulate(sizes, initial=0))]


def _require_alike(predecessor: Encoder, module: range) -> None:
    config = predecessor.config
    widths = {(config.heads[index], config.intermediate[index]) for index in module}
    low_rank = any(config.ranks[index] for index in module if config.ranks)
    if len(module) > 1 and (len(widths) > 1 or low_rank):
        raise StageError(
            f"theseus.start: layers {module[0]} to {module[-1]} have no mean, since they are of "
            f"{'low rank' if low_rank else 'different widths'}; set bottom, first or last"
        )
