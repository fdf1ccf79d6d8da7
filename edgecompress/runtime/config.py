"""What config.json beside a graph says: its labels, and whether batches matter to it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress.runtime.errors import IntegrityError


@dataclass(frozen=True)
class GraphConfig:
    """The part of config.json that the runtime reads."""

    labels: tuple[str, ...]  # of each logit
    batch_invariant: bool  # no text's answer depends on the others of its batch


def read_config(path: Path) -> GraphConfig:
    """Read config.json.

    `id2label` is Hugging Face's; `edgecompress.batch_invariant` is written by the stages that make
    graphs, and of a graph from elsewhere nothing is known.

    Raises:
        IntegrityError: it is missing, or does not name two or more different labels.
    """
    try:
        config = json.loads(path.read_bytes())
        id2label = config["id2label"]
        labels = tuple(id2label[str(index)] for index in range(len(id2label)))
    except FileNotFoundError:
        raise IntegrityError(f"{path}: missing") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(f"{path}: needs an object `id2label` from 0 on: {error!r}") from error
    if not all(isinstance(label, str) for label in labels):
        raise IntegrityError(f"{path}: labels must be strings: {labels}")
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise IntegrityError(f"{path}: id2label must name two or more different labels: {labels}")
    return GraphConfig(labels, _says_batch_invariant(config))


def _says_batch_invariant(config: dict[str, Any]) -> bool:
    ours = config.get("edgecompress")
    return isinstance(ours, dict) and ours.get("batch_invariant") is True
