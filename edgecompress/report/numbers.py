"""Numbers for people: a unit, the digits that mean something, and never a bare value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgecompress.core.gate import Limit, Verdict
from edgecompress.core.measurement import Measurement

BYTES = "_bytes"  # how names of sizes end
LONGEST_FACT = 300  # characters of one fact; the whole of it stands in report.json
_DIFFERENCES = ("drop", "gap", "increase", "lag", "over_floor")  # of two shares
_NOT_PRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Scale:
    """How the numbers of one measurement are written."""

    factor: float
    decimals: int
    suffix: str

    def number(self, value: float) -> str:
        """Without the unit; with a true minus sign, and none on a zero."""
        text = f"{value * self.factor:,.{self.decimals}f}"
        return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")

    def write(self, value: float) -> str:
        """With the unit."""
        return self.number(value) + self.suffix


def scale_of(measured: Measurement, limit: Limit | None = None) -> Scale:
    """The scale at which value, interval and limit can be told apart.

    A bound just short of its limit gets more decimals, so that "90.0 %" never misses "90 %".
    """
    largest = max(abs(measured.low), abs(measured.high))
    scale = usual_scale(measured.name, measured.unit, largest)
    if limit is None:
        return scale
    for bound in (measured.low, measured.high):
        while scale.decimals < 6 and _look_alike(scale, bound, limit.value):
            scale = replace(scale, decimals=scale.decimals + 1)
    return scale


def _look_alike(scale: Scale, one: float, other: float) -> bool:
    return one != other and scale.number(one) == scale.number(other)


def usual_scale(name: str, unit: str, largest: float) -> Scale:
    """The scale of numbers up to `largest`, by their unit; a difference of shares is in points."""
    match unit:
        case "fraction" | "of the teacher":
            suffix = " points" if name.endswith(_DIFFERENCES) else " %"
            return Scale(100, 1 if largest >= 0.0095 else 2, suffix)
        case "bytes" | "parameters":
            return _large_scale(unit, largest)
        case "count":
            return Scale(1, 0, "")
        case "ms":
            return Scale(1, _decimals(largest), " ms")
        case "times faster":
            return Scale(1, 1, "×")
        case _:
            return Scale(1, _decimals(largest), f" {unit}" if unit else "")


def _large_scale(unit: str, largest: float) -> Scale:
    steps = {"bytes": (" GB", " MB", " kB", " B"), "parameters": (" G", " M", " k", "")}[unit]
    for suffix, size in zip(steps, (1e9, 1e6, 1e3), strict=False):
        if largest >= size:
            return Scale(1 / size, 1, suffix)
    return Scale(1, 0, steps[-1])


def _decimals(largest: float) -> int:
    """Three significant digits, for numbers from a thousandth upwards."""
    return next((d for d, above in enumerate((100, 10, 1, 0.1)) if largest >= above), 4)


@dataclass(frozen=True)
class Figures:
    """One measurement as it is printed."""

    value: str
    interval: str  # "" where there is nothing to estimate
    limit: str  # "" where nobody set one
    n: str  # "" where nothing was counted


def figures(measured: Measurement, limit: Limit | None = None) -> Figures:
    """Value, interval and limit on one scale."""
    scale = scale_of(measured, limit)
    estimated = measured.low != measured.high
    return Figures(
        value=scale.write(measured.value),
        interval=f"{scale.number(measured.low)} to {scale.write(measured.high)}" * estimated,
        limit=limit_text(limit, scale) if limit else "",
        n=f"{measured.n:,}" * (estimated or measured.n > 1),
    )


def limit_text(limit: Limit, scale: Scale) -> str:
    """The limit as it was set, not rounded: `≤ 3 points`."""
    side = "≥" if limit.at_least is not None else "≤"
    return f"{side} {limit.value * scale.factor:.6g}{scale.suffix}"


def distance_text(verdict: Verdict) -> str:
    """How far the nearer end of the interval lies from the limit: `0.6 points`."""
    if verdict.limit is None:
        return ""
    scale = scale_of(verdict.measured, verdict.limit)
    if scale.suffix == " %":
        scale = replace(scale, suffix=" points")  # a difference of two percentages
    bounds = (verdict.measured.low, verdict.measured.high)
    return scale.write(min(abs(bound - verdict.limit.value) for bound in bounds))


def signed_points(difference: float) -> str:
    """A difference of two shares: `+0.1 points`, `−8.1 points`, `±0.0 points`."""
    text = Scale(100, 1, " points").write(difference)
    sign = "" if text.startswith("−") else "±" if text.startswith("0.0 ") else "+"
    return sign + text


def duration(seconds: float) -> str:
    """0.4 s, 45 s, 8 min 55 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names without underscores, each with its value; a number of bytes gets its unit."""
    return [
        (_words(name), usual_scale(name, "bytes", value).write(value))
        if name.endswith(BYTES) and isinstance(value, int)
        else (name.replace("_", " "), fact(value))
        for name, value in values.items()
    ]


def _words(name: str) -> str:
    return name.removesuffix(BYTES).replace("_", " ")


def fact(value: Any) -> str:
    """Any JSON value in one line, cut where it gets too long to read."""
    if isinstance(value, Mapping):
        return printable("; ".join(_named(*item) for item in value.items()), LONGEST_FACT)
    return printable(_fact(value), LONGEST_FACT)


def _named(name: str, value: Any) -> str:
    return f"{name} ({_fact(value)})" if isinstance(value, Mapping) else f"{name} {_fact(value)}"


def _fact(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
        case Mapping():
            return ", ".join(_named(*item) for item in value.items())
        case Sequence() if not isinstance(value, str):
            return ", ".join(map(_fact, value))
        case _:
            return str(value)


def printable(text: str, longest: int = 500) -> str:
    """`text` without characters that hide, reorder or break what follows; cut at `longest`.

    Labels and notes may hold anything that stood in somebody's data.
    """
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return _NOT_PRINTABLE.sub("\ufffd", shown)
