"""Verb `compare`: two bundles on the same texts, row by row, with intervals."""

from collections.abc import Sequence
from pathlib import Path

from edgecompress.checks import accuracy, latency, loyalty
from edgecompress.core.case import Case
from edgecompress.core.errors import InputError
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.recipe import checks as settings
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.contestants import edge_contestant

SEED = 7
ROLE = "texts"


def compare_bundles(
    first: Path, second: Path, texts: TextSet, progress: Progress
) -> Sequence[Measurement]:
    """How the second bundle differs from the first, on labelled texts.

    `accuracy_drop` is first minus second, `label_loyalty` how often they agree, `latency_ratio`
    how many times faster the second is, timed in interleaved pairs.

    Raises:
        InputError: they answer different questions.
    """
    old = edge_contestant(first, "first", verify=True)
    new = edge_contestant(second, "second", verify=True)
    labels = _shared_labels(first, second)
    case = Case(new, old, {ROLE: texts}, labels, SEED, progress=progress)
    return [
        *accuracy.measure(case, settings.Accuracy(check="accuracy", data=ROLE)),
        *loyalty.measure(case, settings.Loyalty(check="loyalty", data=ROLE)),
        *latency.measure(case, settings.Latency(check="latency", data=ROLE)),
        exact("size_bytes", new.weights_bytes, "bytes", "bytes of the second's model.onnx"),
        exact("size_ratio", new.weights_bytes / old.weights_bytes, "of the first", "bytes"),
    ]


def _shared_labels(first: Path, second: Path) -> tuple[str, ...]:
    ours, theirs = (EdgeModel.load(folder).labels for folder in (first, second))
    if ours != theirs:
        raise InputError(
            f"{first} answers {', '.join(ours)}, {second} answers {', '.join(theirs)}; "
            "only bundles with the same labels can be compared"
        )
    return tuple(ours)
