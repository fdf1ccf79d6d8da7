"""What students of a search cost, known before any training: measured once on this machine."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgecompress.core.artifact import Artifact
from edgecompress.models.cell_latency import CellTable, measure_cells
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.models.latency_table import LatencyTable, measure_around, measure_layers
from edgecompress.recipe.searching import Search
from edgecompress.runtime.machine import fingerprint
from edgecompress.runtime.text import TextEncoder
from edgecompress.search.cells import CellGenome, CellSpace
from edgecompress.search.genome import Shape
from edgecompress.search.subnetworks import Subnetwork, SubnetworkSpace
from edgecompress.search.taught import bare
from edgecompress.store.keys import library_versions
from edgecompress.workflow.candidates import ROLE, Frame
from edgecompress.workflow.keeping import Keeper

VERSION: Final = 1  # of the tables
FILE: Final = "latency.json"
LIBRARIES: Final = ("torch", "onnx", "onnxruntime")
MOST_TEXTS: Final = 1000  # whose lengths are looked at

AnySpace = SubnetworkSpace | CellSpace
Costs = Callable[[Any], dict[str, float]]


@dataclass(frozen=True)
class Made:
    """The model that students are made of."""

    config: EncoderConfig
    folder: Path

    @classmethod
    def of(cls, artifact: Artifact) -> "Made":
        """Read its sizes.

        Raises:
            StageError: it is of no family whose layers can be taken apart.
        """
        return cls(as_encoder(load_model(artifact.path)).config, artifact.path)

    @property
    def shape(self) -> Shape:
        """As spaces want it."""
        config = self.config
        return Shape(
            config.hidden,
            config.head_size,
            config.heads,
            config.intermediate,
            config.vocab_size,
            config.max_positions,
            config.type_vocab,
            len(config.labels),
            config.embedding_rank,
        )


def space_of(settings: Search, made: Made) -> AnySpace:
    """The space that the recipe names, over this model."""
    if settings.space.kind == "cells":
        return CellSpace(settings.space, made.shape)
    return SubnetworkSpace(settings.space, made.shape)


def costs_of(space: AnySpace, settings: Search, made: Made, frame: Frame) -> Costs:
    """Weights of a student, and its milliseconds where the search asks for them."""
    wanted = "latency_ms" in settings.objectives or settings.bounds.latency_ms is not None
    table = _table(space, made, frame) if wanted else None

    def costs(genome: Any) -> dict[str, float]:
        student = bare(genome)
        known = {"params": float(space.params(student))}
        if table is None:
            return known
        ms = _cells_ms if isinstance(space, CellSpace) else _subnetwork_ms
        return {**known, "latency_ms": ms(student, table)}

    return costs


def _table(space: AnySpace, made: Made, frame: Frame) -> Mapping[str, Any]:
    """Found where it was measured on this machine before: another one could choose otherwise."""
    run = frame.run
    texts = run.data.load(ROLE).texts[:MOST_TEXTS]
    lengths = np.array([len(text.ids) for text in TextEncoder(made.folder).encode(texts)])
    sizes = space.widths if isinstance(space, CellSpace) else space.ranks
    asked = {
        "kind": "search-latency",
        "version": VERSION,
        "space": space.settings.kind,
        "model": replace(made.config, labels=()).to_json(),
        "sizes": sizes,
        "lengths": lengths.tolist(),
        "machine": fingerprint(),
        "libraries": library_versions(LIBRARIES),
    }

    def make(draft: Path, scratch: Path) -> None:
        """Time every part, into one file of the draft."""
        progress, config = run.ws.progress, made.config
        if isinstance(space, CellSpace):
            found = asdict(measure_cells(config, space.widths, lengths, progress))
        else:
            around = measure_around(config, space.ranks, lengths, progress)
            layers = measure_layers(config, lengths, progress).to_json()
            named = dict(zip(map(str, space.ranks), around, strict=True))
            found = {"layers": layers, "around": named}
        (draft / FILE).write_text(json.dumps(found, allow_nan=False), encoding="utf-8")

    table: dict[str, Any] = json.loads((Keeper(run.ws.store)(asked, make) / FILE).read_text())
    return table


def _cells_ms(genome: CellGenome, table: Mapping[str, Any]) -> float:
    operations = [op for op, _ in genome.nodes]
    return CellTable.from_json(table).ms(operations, genome.repeats, genome.width)


def _subnetwork_ms(genome: Subnetwork, table: Mapping[str, Any]) -> float:
    layers = LatencyTable.from_json(table["layers"])
    heads, neurons = layers.costs(
        [cut.heads for cut in genome.cuts], [cut.neurons for cut in genome.cuts]
    )
    return float(table["around"][str(genome.rank)] + sum(each[-1] for each in heads + neurons))
