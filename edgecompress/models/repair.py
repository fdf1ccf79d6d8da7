"""After a cut, what is left can make up for part of what went: no gradient, only least squares.

Every output matrix, of attention and of the feed-forward part, is fitted anew, from the first layer
to the last, so that the narrow network's stream of states stays close to the whole one's. A few
hundred texts and some seconds do what an epoch of training would begin with.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgecompress.core.progress import Progress
from edgecompress.models.encoder import Encoder
from edgecompress.models.inputs import Inputs
from edgecompress.models.layers import Layer, LowRank

RIDGE = 0.01  # of the mean square of an input: few texts must not move a weight far


Half = Callable[[Layer, Tensor, Tensor], tuple[Tensor, Tensor]]
"""One half of a layer: (layer, states, mask) -> what it adds to the stream, the states behind."""


@dataclass
class _Stream:
    """The states of one batch on their way through both networks."""

    real: Tensor  # [b, s], boolean: tokens, not padding
    theirs: Tensor  # [b, s, hidden], in the whole network
    ours: Tensor  # [b, s, hidden], in the narrow one

    @property
    def mask(self) -> Tensor:
        """As attention takes it, [b, 1, 1, s]."""
        return self.real[:, None, None, :]


@torch.no_grad()
def refit_outputs(
    narrow: Encoder, whole: Encoder, batches: Sequence[Inputs], progress: Progress
) -> None:
    """Fit the output matrices of `narrow`, in place, so that its states follow those of `whole`.

    What a half of a layer should add is the whole network's stream behind that half less what the
    narrow one's stream holds before it, so that earlier errors are made up for as well. The fit is
    pulled towards the weights that are there. Of a matrix of low rank the wider factor is fitted.

    Args:
        narrow: as many layers as `whole`, each with some of its heads and neurons.
        whole: left as it is.
        batches: some hundred texts; their states are held in memory, twice.
        progress: who listens.

    Source: after Kwon et al. (2022), arXiv:2204.09656, and Park et al. (2024), arXiv:2308.03449.
    """
    modes = narrow.training, whole.training
    narrow.eval()
    whole.eval()
    streams = [_enter(narrow, whole, inputs) for inputs in batches]
    with progress.track("repair", len(narrow.layers), "layers") as bar:
        for ours, theirs in zip(narrow.layers, whole.layers, strict=True):
            assert isinstance(ours, Layer)
            assert isinstance(theirs, Layer)
            _refit_layer(ours, theirs, streams)
            bar.advance()
    narrow.train(modes[0])
    whole.train(modes[1])


def _enter(narrow: Encoder, whole: Encoder, inputs: Inputs) -> _Stream:
    theirs, ours = (
        network.embeddings(inputs.input_ids, inputs.token_type_ids) for network in (whole, narrow)
    )
    return _Stream(inputs.attention_mask.bool(), theirs, ours)


def _refit_layer(ours: Layer, theirs: Layer, streams: Sequence[_Stream]) -> None:
    """Fit both halves, each on what the one before now gives; the streams end behind the layer."""
    for half, output in ((_attend, ours.attention.out), (_feed_forward, ours.down)):
        matrix = output.widen if isinstance(output, LowRank) else output
        _refit(matrix, half, (ours, theirs), streams)
        for stream in streams:
            stream.ours = half(ours, stream.ours, stream.mask)[1]
            stream.theirs = half(theirs, stream.theirs, stream.mask)[1]


def _attend(layer: Layer, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    mixed, _ = layer.attention(states, mask, False)
    return mixed, layer.attention_norm(mixed + states)


def _feed_forward(layer: Layer, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    changed = layer.down(layer.activation(layer.up(states)))
    return changed, layer.output_norm(changed + states)


def _refit(
    output: nn.Linear, half: Half, layers: tuple[Layer, Layer], streams: Sequence[_Stream]
) -> None:
    """Ridge regression of what is missing on what the matrix reads, and on a constant 1."""
    width = output.in_features + 1
    gram = torch.zeros(width, width, dtype=torch.float64)
    moment = torch.zeros(width, output.out_features, dtype=torch.float64)
    for stream in streams:
        with _inputs_of(output) as seen:
            added, _ = half(layers[0], stream.ours, stream.mask)
        wanted = stream.theirs + half(layers[1], stream.theirs, stream.mask)[0] - stream.ours
        missing = (wanted - added)[stream.real]
        reads = nn.functional.pad(seen[0][stream.real], (0, 1), value=1.0)
        gram += reads.T @ reads  # products in fp32 for speed, their sum over the batches in fp64
        moment += reads.T @ missing
    gram.diagonal().add_(RIDGE * gram.diagonal()[:-1].mean())
    change = torch.linalg.solve(gram, moment).to(output.weight.dtype)
    output.weight.add_(change[:-1].T)
    output.bias.add_(change[-1])


@contextmanager
def _inputs_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """What `module` reads while the block runs."""
    seen: list[Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        yield seen
    finally:
        hook.remove()
