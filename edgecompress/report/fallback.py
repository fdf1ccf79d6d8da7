"""Which operators a quantized model keeps floating, and what each of them was good for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgecompress.core.gate import Limit
from edgecompress.core.report import StageRecord
from edgecompress.report.numbers import limit_text, usual_scale
from edgecompress.report.sheets import Sheet, sheet
from edgecompress.report.words import title

KIND = "quantize"
UNITS = {
    "label_loyalty": "fraction",
    "accuracy_drop": "fraction",
    "batch_flips": "fraction",
    "bytes": "bytes",
}


@dataclass(frozen=True)
class Fallback:
    """What one stage found out."""

    finding: str
    sheet: Sheet | None  # first all in 8 bits, then with each operator that went back


def fallbacks(stages: Sequence[StageRecord]) -> tuple[Fallback, ...]:
    """One for each stage that searched."""
    found = [s.facts["fallback"] for s in stages if s.kind == KIND and "fallback" in s.facts]
    return tuple(Fallback(_finding(facts), _sheet(facts)) for facts in found)


def _finding(facts: Mapping[str, Any]) -> str:
    """Which limits there are, what broke them, and how the search ended."""
    texts, back = f"{facts['texts']:,} validation texts", facts["returned"]
    operators, plain = facts["operators"], _seen(facts["plain"], facts["limits"])
    if not back:
        return f"All {operators} operators are in 8 bits: on {texts} {plain}, as the recipe asks."
    went = "1 has" if len(back) == 1 else f"{len(back)} have"
    ending = "All limits hold." if facts["holds"] else "Not all limits hold: train for 8 bits."
    return (
        f"With all {operators} operators in 8 bits, {plain} on {texts}. {went} gone back to float, "
        "first what moves the logits most when it alone is in 8 bits; then "
        f"{_seen(back[-1], facts['limits'])}. {ending}"
    )


def _seen(seen: Mapping[str, float], limits: Mapping[str, float]) -> str:
    """`label loyalty was 98.2 % (≥ 98 %)`, for each limit."""
    told = []
    for name, value in limits.items():
        measure, _, side = name.rpartition("_at_")
        scale = usual_scale(measure, UNITS[measure], max(abs(seen[measure]), value))
        limit = Limit(at_least=value) if side == "least" else Limit(at_most=value)
        told.append(
            f"{title(measure)} was {scale.write(seen[measure])} ({limit_text(limit, scale)})"
        )
    return " and ".join(told)


def _sheet(facts: Mapping[str, Any]) -> Sheet | None:
    if not facts["returned"]:
        return None
    measures = [name for name in UNITS if name in facts["plain"]]
    columns = [("left floating", ""), ("error alone", "logits²")]
    plain = {"operator": "nothing", "error": None, **facts["plain"]}
    rows = [
        [row["operator"], row["error"], *(row[name] for name in measures)]
        for row in (plain, *facts["returned"])
    ]
    return sheet([*columns, *((name, UNITS[name]) for name in measures)], rows)
