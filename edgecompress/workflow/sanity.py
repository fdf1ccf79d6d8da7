"""Is the teacher worth being loyal to, and can the gate tell the rows apart as it is asked to?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgecompress.checks import accuracy as accuracy_check
from edgecompress.checks.slices import slices_of
from edgecompress.core.case import Case
from edgecompress.core.errors import StageError
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.measurement import Measurement
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.data.roles import Data
from edgecompress.recipe.behaviour import Accuracy, Slices
from edgecompress.recipe.schema import Recipe


def require_knowing_teacher(
    accuracy: Measurement, texts: TextSet, labels: Sequence[str], progress: Progress
) -> None:
    """Refuse a teacher that is no better than always giving one answer.

    A student that has learnt nothing is perfectly loyal to a teacher that has learnt nothing, and
    drops no point of its accuracy: such a gate would hold.

    Args:
        accuracy: the teacher's, on `texts`, which are labelled.

    Raises:
        StageError: it gives no more right answers than the commonest label would.
    """
    counts = np.bincount(texts.labels, minlength=len(labels))
    constant, answer = counts.max() / counts.sum(), labels[int(counts.argmax())]
    told = (
        f"the teacher is right on {accuracy.value:.1%} of {texts.name}, "
        f'and always answering "{answer}" on {constant:.1%}'
    )
    if accuracy.value <= constant:
        raise StageError(
            f"{told}: it has learnt nothing; look at its learning_rate and epochs, and at whether "
            "`labels` and `map` stand in the model's order"
        )
    if accuracy.low <= constant:
        progress.warn(f"{told}: that may be chance")


def require_known_by_gate(case: Case, recipe: Recipe, progress: Progress) -> None:
    """The same on the gate's own rows, for recipes that have no validation rows.

    Raises:
        StageError: as `require_knowing_teacher`.
    """
    itself = replace(case, candidate=case.teacher)
    for check in recipe.gate:
        if isinstance(check, Accuracy):
            for found in measurements_of(accuracy_check.measure(itself, check)):
                if found.name == "accuracy":
                    require_knowing_teacher(found, case.data[found.data], case.labels, progress)


def require_sliceable(recipe: Recipe, data: Data) -> None:
    """Cut the gate's rows as its `slices` will, before hours are spent on a model to judge.

    Raises:
        DataError: a column has more values than can be told apart.
    """
    present = [role for role, _ in recipe.data.by_role()]
    for check in recipe.gate:
        if isinstance(check, Slices):
            for role in check.roles(present):
                slices_of(data.load(role), recipe.labels, check.by)
