"""Putting a model before the gate: its predictor, its files, its numbers."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Contestant, Relabelled
from edgecompress.core.errors import InputError
from edgecompress.core.progress import Progress
from edgecompress.models.predictor import TorchPredictor
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.model import EdgeModel


def torch_contestant(artifact: Artifact, name: str) -> Contestant:
    """A torch model on one thread, in fp32: the teacher, or a stage's output."""
    predictor = TorchPredictor(artifact.path, threads=1)
    weights = (artifact.path / "model.safetensors").stat().st_size
    return Contestant(name, artifact.digest, predictor, artifact.path, weights, predictor.params)


def edge_contestant(path: Path, name: str) -> Contestant:
    """An ONNX model through the runtime that ships, on one thread; a bundle is verified first.

    Args:
        path: its folder, or its graph where the folder holds several.
    """
    model = EdgeModel.load(path, threads=1, verify=is_bundle(path))
    size = model.file.stat().st_size
    return Contestant(name, model.digest, model, path, size, stored_parameters(model.file))


def contestant(artifact: Artifact, name: str) -> Contestant:
    """A stage's output, whichever kind it is."""
    if artifact.kind == "torch-model":
        return torch_contestant(artifact, name)
    return edge_contestant(artifact.path, name)


def foreign_contestant(path: Path, labels: tuple[str, ...], progress: Progress) -> Contestant:
    """A model made elsewhere, its answers in the order of the recipe's labels.

    Labels are matched by name, whatever their case; names that say nothing (LABEL_0, LABEL_1, as
    Hugging Face writes where nobody named them) count in the recipe's order, with a warning.

    Raises:
        InputError: it answers another question than the recipe asks.
    """
    found = edge_contestant(path, path.resolve().name)
    assert isinstance(found.predictor, EdgeModel)
    theirs = found.predictor.labels
    if len(theirs) == len(labels) and all(re.fullmatch(r"LABEL_\d+", one) for one in theirs):
        named = ", ".join(f"{one} is {ours}" for one, ours in zip(theirs, labels, strict=True))
        progress.warn(f"{path}: its config.json does not name its labels; taken as: {named}")
        return found
    places = {one.casefold(): place for place, one in enumerate(theirs)}
    if set(places) != {one.casefold() for one in labels} or len(theirs) != len(labels):
        raise InputError(
            f"{path}: its labels are {', '.join(theirs)}, the recipe's are {', '.join(labels)}; "
            "they must be the same names, in any order (config.json, id2label)"
        )
    order = tuple(places[one.casefold()] for one in labels)
    if order == tuple(range(len(labels))):
        return found
    return replace(found, predictor=Relabelled(found.predictor, order))


def stored_parameters(file: Path) -> int:
    """Elements of all weight tensors of a graph with at least one dimension, scales included."""
    graph = onnx.load(str(file), load_external_data=False).graph
    return sum(int(np.prod(tensor.dims)) for tensor in graph.initializer if tensor.dims)
