"""What has to be there before anybody is attacked: rows, graphs to ask, neighbours of words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgecompress.attacks.graph import stands_in, write_graph
from edgecompress.attacks.method import Method, Target, contents_of
from edgecompress.attacks.neighbours import write_neighbours
from edgecompress.core.case import Contestant, Keep, Make, Relabelled
from edgecompress.core.errors import DataError, MeasureError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import Text, TextSet
from edgecompress.data.draws import draw
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.attacking import (
    ASK_MINILM,
    MADE_NEIGHBOURS,
    MINILM,
    WORD_SWAPS,
    Attack,
    AttackRecipe,
)
from edgecompress.runtime.machine import fingerprint
from edgecompress.runtime.model import EdgeModel
from edgecompress.store.keys import library_versions

VERSION: Final = 1  # of graphs and neighbours; raise when they would come out otherwise
COMPARED: Final = 256  # rows at most, on which a graph is held against its model
LIBRARIES: Final = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy")


@dataclass(frozen=True)
class Drawn:
    """Rows of a role that are attacked: the same ones for every model."""

    role: str
    places: NDArray[np.int64]  # [n], among the rows of the role
    texts: tuple[Text, ...]
    labels: NDArray[np.int64]  # [n]
    origins: tuple[str, ...]

    @property
    def labelled(self) -> tuple[tuple[Text, int], ...]:
        """Each text with its label."""
        return tuple(zip(self.texts, self.labels.tolist(), strict=True))

    @property
    def pairs(self) -> bool:
        """Whether they are sentence pairs."""
        return not isinstance(self.texts[0], str)

    def at(self, rows: NDArray[np.int64]) -> "Drawn":
        """Some of them."""
        texts = tuple(self.texts[i] for i in rows)
        origins = tuple(self.origins[i] for i in rows)
        return Drawn(self.role, self.places[rows], texts, self.labels[rows], origins)


@dataclass(frozen=True)
class Room:
    """What preparing needs of its surroundings."""

    keep: Keep
    progress: Progress
    place: Callable[[str], Path]  # of what is read beside the rows, by its name in a recipe


def drawn_rows(whole: TextSet, rows: int, seed: int) -> Drawn:
    """So many rows with the shares of the labels.

    Raises:
        DataError: the role has fewer.
    """
    role = whole.name
    if rows > len(whole):
        raise DataError(f"attack: asks for {rows:,} rows, {role} has {len(whole):,}; ask for fewer")
    places = draw(whole.labels, rows, f"{seed}/attack/{role}")
    everything = np.arange(len(whole))
    return Drawn(role, everything, whole.texts, whole.labels, whole.origins).at(places)


def methods_of(room: Room, settings: Attack, *, pairs: bool) -> Iterator[Method]:
    """One for each recipe that is asked for, with everything that it reads."""
    for recipe in settings.recipes:
        files = {}
        if recipe in ASK_MINILM:
            files["encoder"] = room.place(MINILM)
        if recipe in MADE_NEIGHBOURS:
            files["words"] = _neighbours(room, files["encoder"])
        elif settings.neighbours and recipe in WORD_SWAPS:
            files["words"] = room.place(settings.neighbours)
        column = settings.column if pairs else None
        thresholds = _thresholds(settings, recipe)
        bounds = (settings.query_budget, settings.most_words)
        yield Method(recipe, *bounds, column, thresholds, files)


def target_of(room: Room, name: str, who: Contestant, rows: Drawn) -> Target:
    """The model as workers load it.

    Raises:
        MeasureError: it is neither a graph nor a torch model.
    """
    if isinstance(who.predictor, EdgeModel):
        return Target(name, who.digest, who.folder)
    if isinstance(who.predictor, Relabelled) and isinstance(who.predictor.predictor, EdgeModel):
        return Target(name, who.digest, who.folder, order=who.predictor.order)
    if not isinstance(who.predictor, TorchPredictor):
        raise MeasureError(f"attack: no worker can load the {name}, {who.name}")
    return torch_target(room, Target(name, who.digest, who.folder, torch=True), rows)


def torch_target(room: Room, model: Target, rows: Drawn) -> Target:
    """A torch model as a graph, if it has one that answers such rows alike; else as it is."""
    texts = rows.texts[:: -(-len(rows.texts) // COMPARED)]  # from all over the role
    asked = {"kind": "attack-graph", "model": model.digest, "texts": texts}
    graph = _kept(room, asked, lambda draft, _: write_graph(model.folder, texts, draft))
    return Target(model.name, model.digest, graph) if stands_in(graph) else model


def _neighbours(room: Room, encoder: Path) -> Path:
    asked = {"kind": "word-neighbours", "encoder": contents_of(encoder)}
    return _kept(room, asked, lambda draft, _: write_neighbours(encoder, draft, room.progress))


def _kept(room: Room, asked: Mapping[str, Any], make: Make) -> Path:
    """Arithmetic on another processor may round otherwise, so each has its own."""
    libraries = library_versions(LIBRARIES)
    return room.keep(
        {**asked, "version": VERSION, "machine": fingerprint(), "libraries": libraries}, make
    )


def _thresholds(settings: Attack, recipe: AttackRecipe) -> dict[str, float]:
    """Those that the recipe looks at: others must not make it run again."""
    if recipe not in WORD_SWAPS:
        return {}
    names = ["candidates", "sentence_similarity", "window"]
    names += ["word_similarity"] if recipe in MADE_NEIGHBOURS else []
    return {name: getattr(settings, name) for name in names}
