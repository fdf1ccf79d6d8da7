"""What a search goes by, as people read it: names, units, and never a bare value."""

from typing import Any, Final

from edgecompress.core.measurement import Measurement, exact
from edgecompress.search.course import Candidate

NAMES: Final = {
    "robustness": "accuracy under attack",
    "accuracy": "accuracy",
    "loyalty": "loyalty",
    "latency_ms": "latency",
    "params": "parameters",
}
UNITS: Final = {"latency_ms": "ms", "params": "parameters"}  # others are shares of rows
FRACTION: Final = "fraction"


def measured(one: Candidate[Any], goal: str) -> Measurement | None:
    """Its value: of one training with the interval over rows, of several their mean and range.

    None where it is not known.
    """
    if goal in one.costs:
        return exact(goal, one.costs[goal], UNITS.get(goal, FRACTION), "known before training")
    each = [values[goal] for values in one.found.values() if goal in values]
    if not each:
        return None
    value = one.value(goal)
    if len(each) == 1:
        low, high = each[0].get("low", value), each[0].get("high", value)
        method = "interval over rows, 95 %"
    else:
        low, high = one.range(goal)
        value = min(max(value, low), high)  # a mean of equal numbers is not always that number
        method = f"lowest to highest of {len(each)} trainings"
    rows = each[0].get("n", 1)
    return Measurement(goal, value, low, high, UNITS.get(goal, FRACTION), rows, method)


def of_teacher(told: Any, goal: str) -> Measurement | None:
    """The same of the teacher's values, on the same rows."""
    teacher: Candidate[Any] = Candidate("teacher", None, 0, {}, {0: dict(told)})
    return measured(teacher, goal)
