"""Check `parity`: does the shipped graph decide as the network it came from, alone and in company?

Dynamic int8 scales each activation tensor by its own largest value, so a text in a padded batch
can get another answer than alone; the runtime answers texts one by one, and this check tells what
a user of another runtime would see.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from edgecompress.core.case import BatchPredictor, Case, FloatArray, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.core.intervals import wilson
from edgecompress.core.measurement import Measurement
from edgecompress.recipe.budget import Parity


def measure(case: Case, settings: Parity) -> Sequence[Measurement]:
    """Distance and flips against the torch parent (where there is one), and flips in batches."""
    return [*_against_parent(case, settings), _in_batches(case, settings)]


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
        with case.progress.track(f"batches of {size}", 1, "pass") as bar:
            together = predictor.logits_in_batches(texts, size)
            bar.advance()
        found.append((_flips("batch_flip_rate", alone, together, settings.data), size))
    worst, size = max(found, key=lambda pair: pair[0].value)
    return Measurement(**{**vars(worst), "note": f"batches of {size} against batch 1"})


def _flips(name: str, ours: FloatArray, theirs: FloatArray, role: str) -> Measurement:
    flips = decisions(ours) != decisions(theirs)
    low, high = wilson(int(flips.sum()), len(flips))
    return Measurement(
        name, float(flips.mean()), low, high, "fraction", len(flips), "wilson, 95 %", role
    )
