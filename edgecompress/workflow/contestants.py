"""Putting a model before the gate: its predictor, its files, its numbers."""

from pathlib import Path

import numpy as np
import onnx

from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Contestant
from edgecompress.core.errors import InputError
from edgecompress.models.predictor import TorchPredictor
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.model import EdgeModel


def torch_contestant(artifact: Artifact, name: str) -> Contestant:
    """A torch model on one thread, in fp32: the teacher, or a stage's output."""
    predictor = TorchPredictor(artifact.path, threads=1)
    weights = (artifact.path / "model.safetensors").stat().st_size
    return Contestant(name, artifact.digest, predictor, artifact.path, weights, predictor.params)


def edge_contestant(folder: Path, name: str) -> Contestant:
    """An ONNX model through the runtime that ships, on one thread; a bundle is verified first."""
    model = EdgeModel.load(folder, threads=1, verify=is_bundle(folder))
    size = model.file.stat().st_size
    return Contestant(name, model.digest, model, folder, size, stored_parameters(model.file))


def contestant(artifact: Artifact, name: str) -> Contestant:
    """A stage's output, whichever kind it is."""
    if artifact.kind == "torch-model":
        return torch_contestant(artifact, name)
    return edge_contestant(artifact.path, name)


def require_same_labels(candidate: Contestant, labels: tuple[str, ...]) -> None:
    """Refuse a candidate that answers another question than the recipe asks."""
    theirs = getattr(candidate.predictor, "labels", labels)
    if tuple(theirs) != labels:
        raise InputError(
            f"{candidate.folder}: its labels are {', '.join(theirs)}, the recipe's are "
            f"{', '.join(labels)}; they must be the same, in the same order (config.json, id2label)"
        )


def stored_parameters(file: Path) -> int:
    """Elements of all weight tensors of a graph with at least one dimension, scales included."""
    graph = onnx.load(str(file), load_external_data=False).graph
    return sum(int(np.prod(tensor.dims)) for tensor in graph.initializer if tensor.dims)
