"""A network of cells: a small graph of operations, repeated, behind embeddings of a teacher."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple, Self

import torch
from torch import Tensor, nn

from edgecompress.models.cell_operations import OPERATIONS, Seen
from edgecompress.models.classifier import Output
from edgecompress.models.encoder import Encoder, token_mask
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.layers import Embeddings, Head
from edgecompress.models.own_encoder import OwnEncoder, start_anew
from edgecompress.recipe.cells import Cells


class Place(NamedTuple):
    """One node of a cell."""

    op: str
    reads: tuple[int, ...]  # earlier places; 0 is what enters the cell


@dataclass(frozen=True)
class CellsConfig(EncoderConfig):
    """Sizes of the tables, and the graph; heads and neurons are listed by cell."""

    nodes: tuple[Place, ...] = ()
    width: int = 0  # of the states inside; `hidden` is that of the embeddings

    @property
    def inner(self) -> EncoderConfig:
        """The same sizes between the embeddings and the logits."""
        shared = {field.name: getattr(self, field.name) for field in fields(EncoderConfig)}
        return EncoderConfig(**{**shared, "hidden": self.width})

    @property
    def fusions(self) -> Mapping[str, int]:
        """Norms alone: onnxruntime knows an attention only where nobody else reads its input."""
        return {"LayerNormalization": 1 + self.layers * sum(n.op != "identity" for n in self.nodes)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, after a trip through a file; raises as `EncoderConfig`."""
        nodes = [Place(op, tuple(reads)) for op, reads in values["nodes"]]
        return super().from_json({**values, "nodes": nodes})


class Cell(nn.Module):
    """One cell; its last node is what leaves it."""

    def __init__(self, config: CellsConfig, index: int) -> None:
        super().__init__()
        inner = config.inner
        self.reads = [node.reads for node in config.nodes]
        self.nodes = nn.ModuleList(OPERATIONS[node.op](inner, index) for node in config.nodes)

    def forward(self, states: Tensor, seen: Seen) -> Tensor:
        """[b, s, width] -> the same shape."""
        given = [states]
        for operation, reads in zip(self.nodes, self.reads, strict=True):
            entering = given[reads[0]] if len(reads) == 1 else given[reads[0]] + given[reads[1]]
            given.append(operation(entering, seen))
        return given[-1]


class CellEncoder(OwnEncoder):
    """A text classifier of repeated cells; the head reads the first token, as BERT's does."""

    model_type: ClassVar[str] = "edgecompress-cells"
    config_class: ClassVar[type[EncoderConfig]] = CellsConfig

    config: CellsConfig

    def __init__(self, config: CellsConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        same = config.width == config.hidden
        self.enter = nn.Identity() if same else nn.Linear(config.hidden, config.width)
        self.cells = nn.ModuleList(Cell(config, index) for index in range(config.layers))
        self.head = Head(config.inner)
        self.apply(start_anew)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        hidden: bool = False,
        attention: bool = False,
    ) -> Output:
        """See `Classifier.forward`; there are states of each cell, and no attention maps."""
        states = self.enter(self.embeddings(input_ids, token_type_ids))
        explicit = self.explicit_attention
        seen = Seen(
            token_mask(attention_mask, states.dtype, explicit=explicit),
            attention_mask.unsqueeze(-1).to(states.dtype),
            explicit,
        )
        all_states = [states]
        for cell in self.cells:
            states = cell(states, seen)
            all_states.append(states)
        return Output(self.head(states), tuple(all_states) if hidden else None)


def cells_behind(whole: Encoder, settings: Cells, seed: int) -> CellEncoder:
    """An untrained network of cells with the tables of `whole`; its head too, where it fits.

    Args:
        whole: gives its word, position and segment tables; left as it is.
        settings: of the cells.
        seed: of the other first weights.

    Raises:
        ValueError: the width is no multiple of a head.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        student = CellEncoder(config_behind(whole.config, settings))
    student.embeddings.load_state_dict(whole.embeddings.state_dict())
    if student.config.width == whole.config.hidden:
        student.head.load_state_dict(whole.head.state_dict())
    return student


def config_behind(tables: EncoderConfig, settings: Cells) -> CellsConfig:
    """The configuration of cells behind these embeddings.

    Raises:
        ValueError: the width is no multiple of a head.
    """
    shared = {field.name: getattr(tables, field.name) for field in fields(EncoderConfig)}
    width, count = settings.width or tables.hidden, settings.repeats
    if width % settings.head_size:
        raise ValueError(f"width {width} is no multiple of head_size {settings.head_size}")
    return CellsConfig(
        **{
            **shared,
            "head_size": settings.head_size,
            "heads": (width // settings.head_size,) * count,
            "intermediate": (settings.expansion * width,) * count,
            "ranks": (),
            "nodes": tuple(Place(node.op, node.reads) for node in settings.nodes),
            "width": width,
        }
    )
