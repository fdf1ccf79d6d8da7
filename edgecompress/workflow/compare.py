"""Verb `compare`: two bundles on the same texts, row by row, with intervals."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgecompress.checks import accuracy, latency, loyalty
from edgecompress.core.case import Case
from edgecompress.core.errors import InputError
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.progress import Progress
from edgecompress.core.texts import UNLABELLED, TextSet
from edgecompress.data.resources import Resources
from edgecompress.data.rows import rows_of
from edgecompress.data.sources import source_of
from edgecompress.recipe.behaviour import Accuracy, Loyalty
from edgecompress.recipe.budget import Latency
from edgecompress.recipe.schema import DataRef
from edgecompress.runtime.golden import golden_text, read_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.contestants import edge_contestant

SEED = 7
ROLE = "texts"


def labelled_texts(ref: DataRef, labels: Sequence[str], resources: Resources) -> TextSet:
    """Rows to compare on, read from a source as a recipe would; paths start here."""
    rows = rows_of(source_of(ref, Path.cwd(), resources).table(), ref, labels)
    return TextSet(ROLE, tuple(rows.texts), rows.labels, tuple(rows.origins), digest=ROLE)


def golden_texts(bundle: Path) -> TextSet:
    """The texts whose answers the bundle carries; they have no labels."""
    texts = tuple(golden_text(answer) for answer in read_golden(bundle))
    nowhere = np.full(len(texts), UNLABELLED, np.int64)
    return TextSet(ROLE, texts, nowhere, ("golden",) * len(texts), digest=ROLE)


def shared_labels(first: Path, second: Path) -> tuple[str, ...]:
    """The labels of both bundles.

    Raises:
        InputError: they answer different questions.
    """
    ours, theirs = (EdgeModel.load(folder).labels for folder in (first, second))
    if ours != theirs:
        raise InputError(
            f"{first} answers {', '.join(ours)}, {second} answers {', '.join(theirs)}; "
            "only bundles with the same labels can be compared"
        )
    return tuple(ours)


def compare_bundles(
    first: Path, second: Path, texts: TextSet, progress: Progress
) -> Sequence[Measurement]:
    """How the second bundle differs from the first.

    `accuracy_drop` is first minus second, `label_loyalty` how often they agree, `latency_ratio`
    how many times faster the second is, timed turn about. Texts without labels tell
    nothing about accuracy.
    """
    labels = shared_labels(first, second)
    old, new = edge_contestant(first, "first"), edge_contestant(second, "second")
    case = Case(new, old, {ROLE: texts}, labels, SEED, progress=progress)
    labelled = bool((texts.labels != UNLABELLED).all())
    right = Accuracy(check="accuracy", data=ROLE)
    return [
        *measurements_of(accuracy.measure(case, right) if labelled else ()),
        *measurements_of(loyalty.measure(case, Loyalty(check="loyalty", data=ROLE))),
        *measurements_of(latency.measure(case, Latency(check="latency", data=ROLE))),
        exact("size_bytes", new.weights_bytes, "bytes", "bytes of the second's model.onnx"),
        exact("size_ratio", new.weights_bytes / old.weights_bytes, "of the first", "bytes"),
    ]
