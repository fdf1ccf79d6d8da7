"""What has to be there before anybody is attacked: rows, graphs to ask, neighbours of words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgecompress.attacks.graph import stands_in, write_graph
from edgecompress.attacks.method import Method, Target, contents_of
from edgecompress.attacks.neighbours import write_neighbours
from edgecompress.core.case import Case, Contestant, Make, Relabelled
from edgecompress.core.errors import DataError, MeasureError
from edgecompress.core.texts import Text
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
    def pairs(self) -> bool:
        """Whether they are sentence pairs."""
        return not isinstance(self.texts[0], str)

    def at(self, rows: NDArray[np.int64]) -> "Drawn":
        """Some of them."""
        texts = tuple(self.texts[i] for i in rows)
        origins = tuple(self.origins[i] for i in rows)
        return Drawn(self.role, self.places[rows], texts, self.labels[rows], origins)


def drawn_rows(case: Case, role: str, rows: int) -> Drawn:
    """So many rows with the shares of the labels.

    Raises:
        DataError: the role has fewer.
    """
    whole = case.data[role]
    if rows > len(whole):
        raise DataError(f"attack: asks for {rows:,} rows, {role} has {len(whole):,}; ask for fewer")
    places = draw(whole.labels, rows, f"{case.seed}/attack/{role}")
    everything = np.arange(len(whole))
    return Drawn(role, everything, whole.texts, whole.labels, whole.origins).at(places)


def methods_of(case: Case, settings: Attack, *, pairs: bool) -> Iterator[Method]:
    """One for each recipe that is asked for, with everything that it reads."""
    for recipe in settings.recipes:
        files = {}
        if recipe in ASK_MINILM:
            files["encoder"] = case.sources.place(MINILM)
        if recipe in MADE_NEIGHBOURS:
            files["words"] = _neighbours(case, files["encoder"])
        elif settings.neighbours and recipe in WORD_SWAPS:
            files["words"] = case.sources.place(settings.neighbours)
        column = settings.column if pairs else None
        thresholds = _thresholds(settings, recipe)
        bounds = (settings.query_budget, settings.most_words)
        yield Method(recipe, *bounds, column, thresholds, files)


def target_of(case: Case, name: str, who: Contestant, rows: Drawn) -> Target:
    """The model as workers load it: a torch model as a graph, if it has one that answers alike.

    Raises:
        MeasureError: it is neither a graph nor a torch model.
    """
    if isinstance(who.predictor, EdgeModel):
        return Target(name, who.digest, who.folder)
    if isinstance(who.predictor, Relabelled) and isinstance(who.predictor.predictor, EdgeModel):
        return Target(name, who.digest, who.folder, order=who.predictor.order)
    if not isinstance(who.predictor, TorchPredictor):
        raise MeasureError(f"attack: no worker can load the {name}, {who.name}")
    asked = {"kind": "attack-graph", "model": who.digest, "texts": rows.texts}
    graph = _kept(case, asked, lambda draft, _: write_graph(who.folder, rows.texts, draft))
    if stands_in(graph):
        return Target(name, who.digest, graph)
    return Target(name, who.digest, who.folder, torch=True)


def _neighbours(case: Case, encoder: Path) -> Path:
    asked = {"kind": "word-neighbours", "encoder": contents_of(encoder)}
    return _kept(case, asked, lambda draft, _: write_neighbours(encoder, draft, case.progress))


def _kept(case: Case, asked: Mapping[str, Any], make: Make) -> Path:
    """Arithmetic on another processor may round otherwise, so each has its own."""
    libraries = library_versions(LIBRARIES)
    return case.keep(
        {**asked, "version": VERSION, "machine": fingerprint(), "libraries": libraries}, make
    )


def _thresholds(settings: Attack, recipe: AttackRecipe) -> dict[str, float]:
    """Those that the recipe looks at: others must not make it run again."""
    if recipe not in WORD_SWAPS:
        return {}
    names = ["candidates", "sentence_similarity", "window"]
    names += ["word_similarity"] if recipe in MADE_NEIGHBOURS else []
    return {name: getattr(settings, name) for name in names}
