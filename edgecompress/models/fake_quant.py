"""A network that answers as its 8-bit graph will, in floats, so that it can learn to answer well.

What `quantize` does to the exported graph is done here while the network runs: every matrix and
every activation that meets one is rounded to the numbers that 8 bits can hold, by the same rules.
Gradients pass as if nothing had been rounded (straight through), so the weights stay floats.

Source: Jacob et al. (2018), arXiv:1712.05877, section 3; Bengio et al. (2013), arXiv:1308.3432, for
gradients that pass straight through.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgecompress.models.classifier import Output
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.layers import Embeddings
from edgecompress.recipe.learning import Qat

WEIGHT_STEPS = 127  # on either side of 0
REDUCED_STEPS = 64  # with `reduce_range`
ACTIVATION_STEPS = 255


def round_rows(matrix: Tensor, steps: int) -> Tensor:
    """A matrix [out, in] of which each row holds whole multiples of its own largest / `steps`."""
    size = _step(matrix.detach().abs().amax(dim=1, keepdim=True), steps)
    return _straight_through(matrix, (matrix / size).round() * size)


def round_between(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Values as the nearest of 256 evenly spaced numbers from `low` to `high`, one of them 0.

    Args:
        values: of any shape; what lies outside becomes an end.
        low: at most 0, of a shape that spreads over `values`.
        high: at least 0, likewise.
    """
    size = _step(high - low, ACTIVATION_STEPS)
    zero = (-low / size).round()
    steps = ((values / size).round() + zero).clamp(0, ACTIVATION_STEPS)
    return _straight_through(values, (steps - zero) * size)


class RoundedEncoder(Encoder):
    """An encoder whose forward pass is that of the 8-bit graph to come.

    Its weights are floats and have the names of an encoder's, so that each loads the other's.
    """

    def __init__(self, config: EncoderConfig, settings: Qat, *, pairs: bool) -> None:
        """Round as `settings` say.

        Args:
            config: of the encoder whose weights are loaded next.
            settings: those of `quantize` that decide how it rounds.
            pairs: whether the graph will have token_type_ids; without them the row of the only
                type is added to the table of positions before that is rounded.
        """
        super().__init__(config)
        self.rounder = _Rounder(settings.scheme)
        steps = REDUCED_STEPS if settings.reduce_range else WEIGHT_STEPS
        rows_come_rounded = {"embeddings.widen"} if settings.embeddings else set()
        for name, module in list(self.named_modules()):
            if type(module) is nn.Linear:
                rounded = _RoundedLinear(module, self.rounder, steps)
                rounded.reads = "all"
                if _read_at_first_token_only(name, config):
                    rounded.reads = "first"
                if name in rows_come_rounded:
                    rounded.reads = "as-they-come"
                self.set_submodule(name, rounded)
        if settings.embeddings:
            widen = self.embeddings.widen
            self.embeddings = _RoundedEmbeddings(config, pairs=pairs)
            self.embeddings.widen = widen

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        hidden: bool = False,
        attention: bool = False,
    ) -> Output:
        """See `Classifier.forward`."""
        self.rounder.tokens = attention_mask.unsqueeze(-1).bool()
        return super().forward(
            input_ids, attention_mask, token_type_ids, hidden=hidden, attention=attention
        )


class _Rounder:
    """Rounds activations to their range: of each text alone, or of all texts of a batch."""

    def __init__(self, scheme: Literal["dynamic", "static"]) -> None:
        self.static = scheme == "static"
        self.tokens = torch.ones(1, 1, 1, dtype=torch.bool)  # [b, s, 1]: False on padding

    def __call__(self, states: Tensor) -> Tensor:
        """[b, s, width], or [b, width] of the first tokens, in fp32: bf16 is coarser than int8.

        The runtime answers each text alone and unpadded, so padding is in no range.
        """
        values = states.float()
        seen = values.detach()
        if seen.ndim > 2:
            seen = seen.masked_fill(~self.tokens[:, : seen.shape[1]], 0)  # 0 is in every range
        inner = tuple(range(0 if self.static else 1, seen.ndim))
        low = seen.amin(dim=inner, keepdim=True).clamp(max=0)
        high = seen.amax(dim=inner, keepdim=True).clamp(min=0)
        return round_between(values, low, high)


class _RoundedLinear(nn.Linear):
    """A product of rounded activations with a rounded matrix; its bias is added in floats.

    Attributes:
        reads: which tokens the graph computes it for. Behind the last attention that is the
            "first" alone: its range is its own, and all others stay as they are. A thin word
            table's rows go in "as-they-come", since they were rounded with the table.
    """

    reads: Literal["all", "first", "as-they-come"]

    def __init__(self, plain: nn.Linear, rounder: _Rounder, steps: int) -> None:
        super().__init__(plain.in_features, plain.out_features, plain.bias is not None)
        self.rounder, self.steps = rounder, steps

    def forward(self, states: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        given = states if self.reads == "as-they-come" else self._rounded(states)
        return functional.linear(given, round_rows(self.weight, self.steps), self.bias)

    def _rounded(self, states: Tensor) -> Tensor:
        if self.reads != "first":
            return self.rounder(states)
        return torch.cat([self.rounder(states[:, :1]), states[:, 1:]], dim=1)


class _RoundedEmbeddings(Embeddings):
    """Embeddings out of tables that are rounded whole, each to its own range."""

    def __init__(self, config: EncoderConfig, *, pairs: bool) -> None:
        super().__init__(config)
        self.offset = config.position_offset
        self.pairs = pairs and config.type_vocab > 1

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        """[b, s] ids -> [b, s, hidden]."""
        total = self.widen(_of_table(self.word(input_ids), self.word.weight))
        positions = self.position.weight[self.offset :]
        if self.segment is not None and not self.pairs:
            positions = positions + self.segment.weight[0]
        elif self.segment is not None:
            types = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
            total = total + _of_table(self.segment(types), self.segment.weight)
        total = total + _of_table(positions[: input_ids.shape[1]], positions)
        embedded: Tensor = self.dropout(self.norm(total))
        return embedded


def rounded(encoder: Encoder, settings: Qat, *, pairs: bool) -> RoundedEncoder:
    """The same network, answering as its 8-bit graph will; see `RoundedEncoder`."""
    made = RoundedEncoder(encoder.config, settings, pairs=pairs)
    made.load_state_dict(encoder.state_dict())
    return made.train(encoder.training)


def _of_table(rows: Tensor, table: Tensor) -> Tensor:
    """Rows rounded as the whole table is."""
    low, high = table.detach().aminmax()
    return round_between(rows, low.clamp(max=0), high.clamp(min=0))


def _read_at_first_token_only(name: str, config: EncoderConfig) -> bool:
    """Whether the head alone reads what a matrix makes; see `onnx_graph.tidy`."""
    last = f"layers.{config.layers - 1}"
    return name.startswith((f"{last}.attention.out", f"{last}.up", f"{last}.down"))


def _step(span: Tensor, steps: int) -> Tensor:
    """What one step is worth; of a span of nothing anything will do."""
    return torch.where(span > 0, span / steps, 1.0)


def _straight_through(values: Tensor, rounded_values: Tensor) -> Tensor:
    """The rounded values, with the gradient of the others."""
    return values + (rounded_values - values).detach()
