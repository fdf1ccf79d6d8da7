"""Check `parity`: does the shipped graph decide as its network, in company, on other processors?

Dynamic int8 scales each activation tensor by its own largest value, so a text in a padded batch
can get another answer than alone. And x86 processors without VNNI saturate 8-bit products. The
runtime answers texts one by one and asks such processors for exact products; this check tells what
a user of another runtime would see.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from edgecompress.core.case import BatchPredictor, Case, FloatArray, Relabelled, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import Finding
from edgecompress.core.intervals import wilson
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.models.saturation import saturating
from edgecompress.recipe.budget import Parity
from edgecompress.runtime.model import EdgeModel

SLICE = 8  # texts between two steps of a progress bar


def measure(case: Case, settings: Parity) -> Sequence[Finding]:
    """Distance and flips against the torch parent, in batches, and on other processors.

    The first needs a parent, the last an ONNX candidate; what is not there is not measured.
    """
    predictor = case.candidate.predictor
    model = predictor.predictor if isinstance(predictor, Relabelled) else predictor
    found: list[Finding] = [*_against_parent(case, settings), _in_batches(case, settings)]
    if isinstance(model, EdgeModel):
        found.append(_on_other_processors(case, settings, model))
    return found


def _against_parent(case: Case, settings: Parity) -> Iterator[Measurement]:
    if case.parent is None:
        return
    role = settings.data
    ours, parents = case.answers(case.candidate, role), case.answers(case.parent, role)
    # A logit that is not a number is farther off than any number; the flips say so as well.
    distance = np.nan_to_num(np.abs(ours - parents), nan=1e9, posinf=1e9).max(axis=1)
    worst = float(distance.max())
    yield Measurement(
        "parity_max_abs",
        worst,
        worst,
        worst,
        "logits",
        len(ours),
        "largest absolute difference of any logit on these texts",
        role,
    )
    yield _flips("parity_flip_rate", ours, parents, role)


def _in_batches(case: Case, settings: Parity) -> Measurement:
    """The worst of the asked batch sizes."""
    predictor = case.candidate.predictor
    texts = case.data[settings.data].texts
    if not isinstance(predictor, BatchPredictor):
        raise MeasureError(f"parity: {case.candidate.name} cannot be run in batches")
    alone = case.answers(case.candidate, settings.data)
    found = []
    for size in settings.batch_sizes:
        parts = []
        with case.progress.track(f"batches of {size}", len(texts), "texts") as bar:
            for start in range(0, len(texts), size):
                parts.append(predictor.logits_in_batches(texts[start : start + size], size))
                bar.advance(len(parts[-1]))
        together = np.concatenate(parts)
        found.append((_flips("batch_flip_rate", alone, together, settings.data), size))
    worst, size = max(found, key=lambda pair: pair[0].value)
    return Measurement(**{**vars(worst), "note": f"batches of {size} against batch 1"})


def _on_other_processors(case: Case, settings: Parity, model: EdgeModel) -> Finding:
    """Decisions that saturating products change."""
    name, role = "isa_flip_rate", settings.data
    texts = case.data[role].texts[: settings.isa_rows]
    try:
        graph = saturating(onnx.load(model.file))
    except MeasureError as error:
        return Refused(name, role, str(error))
    if graph is None:
        why = "no pair of its weights can saturate"
        return Measurement(name, 0.0, 0.0, 0.0, "fraction", len(texts), why, role)
    parts = []
    with TemporaryDirectory() as place:
        file = Path(place) / "model.onnx"
        onnx.save(graph, file)
        other = EdgeModel(model.folder, file)
        with case.progress.track("other processors", len(texts), "texts") as bar:
            for start in range(0, len(texts), SLICE):
                parts.append(other.logits(texts[start : start + SLICE]))
                bar.advance(len(parts[-1]))
    return _flips(name, np.concatenate(parts), model.logits(texts), role)


def _flips(name: str, ours: FloatArray, theirs: FloatArray, role: str) -> Measurement:
    flips = decisions(ours) != decisions(theirs)
    low, high = wilson(int(flips.sum()), len(flips))
    return Measurement(
        name, float(flips.mean()), low, high, "fraction", len(flips), "wilson, 95 %", role
    )
