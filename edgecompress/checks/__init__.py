"""The checks: each measures one kind of behaviour, and none of them judges.

`CHECKS` is the whole registry; the word in the recipe, the settings class and the module agree.
"""

from collections.abc import Callable, Sequence
from typing import Any

from edgecompress.checks import (
    accuracy,
    attack,
    calibration,
    latency,
    loyalty,
    parity,
    shift,
    size,
    slices,
)
from edgecompress.core.case import Case
from edgecompress.core.exhibit import Finding

CheckFunction = Callable[[Case, Any], Sequence[Finding]]

CHECKS: dict[str, CheckFunction] = {
    "accuracy": accuracy.measure,
    "loyalty": loyalty.measure,
    "slices": slices.measure,
    "shift": shift.measure,
    "calibration": calibration.measure,
    "attack": attack.measure,
    "latency": latency.measure,
    "size": size.measure,
    "parity": parity.measure,
}

__all__ = ["CHECKS", "CheckFunction"]
