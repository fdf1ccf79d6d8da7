"""Verb `compare`: two models on the same texts, row by row, with intervals."""

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
from edgecompress.report.reading import loads
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.golden import golden_text, read_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.store.store import Store
from edgecompress.workflow.contestants import edge_contestant
from edgecompress.workflow.reports import kept_report

SEED = 7
ROLE = "texts"


def model_of(named: str, store: Path, progress: Progress) -> Path:
    """The folder of a model: a bundle, any with an ONNX classifier, or what a run has made.

    Args:
        named: such a folder, one that --report has written, or the name of a run in the store.
        store: where runs and what they made are kept.

    Raises:
        InputError: there is no such run, it judged a model that was made elsewhere, or what it made
            is no longer in the store.
    """
    if (Path(named) / "config.json").is_file():
        return Path(named)
    kept = kept_report(named, store / "runs")
    report = loads(kept.read_bytes(), str(kept))
    found = Store(store, progress).find(report.stages[-1].key) if report.stages else None
    if found is None:
        raise InputError(
            f"{named}: what this run made is not in {store} (any more); make it again with "
            "`edgecompress run`, or name a bundle"
        )
    if edge_contestant(found.path, named).digest != report.candidate.digest:
        raise InputError(
            f"{named}: this run judged a model that was made elsewhere; name that model's folder"
        )
    return found.path


def labelled_texts(ref: DataRef, labels: Sequence[str], resources: Resources) -> TextSet:
    """Rows to compare on, read from a source as a recipe would; paths start here."""
    rows = rows_of(source_of(ref, Path.cwd(), resources).table(), ref, labels)
    return TextSet(ROLE, tuple(rows.texts), rows.labels, tuple(rows.origins), digest=ROLE)


def golden_texts(*models: Path) -> TextSet:
    """The texts whose answers the first bundle among these carries; they have no labels.

    Raises:
        InputError: none of them is a bundle.
    """
    bundle = next((model for model in models if is_bundle(model)), None)
    if bundle is None:
        raise InputError("neither is a bundle, which would carry texts; give some with --data")
    texts = tuple(golden_text(answer) for answer in read_golden(bundle))
    nowhere = np.full(len(texts), UNLABELLED, np.int64)
    return TextSet(ROLE, texts, nowhere, ("golden",) * len(texts), digest=ROLE)


def shared_labels(first: Path, second: Path) -> tuple[str, ...]:
    """The labels of both models.

    Raises:
        InputError: they answer different questions.
    """
    ours, theirs = (EdgeModel.load(f, verify=is_bundle(f)).labels for f in (first, second))
    if ours != theirs:
        raise InputError(
            f"{first} answers {', '.join(ours)}, {second} answers {', '.join(theirs)}; "
            "only models with the same labels can be compared"
        )
    return tuple(ours)


def compare_models(
    first: Path, second: Path, texts: TextSet, progress: Progress
) -> Sequence[Measurement]:
    """How the second model differs from the first.

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
