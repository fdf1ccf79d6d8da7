"""How hard the training texts were found to be: the picture, and the same in words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgecompress.core.artifact import Facts
from edgecompress.core.report import StageRecord
from edgecompress.report.charts import at

KIND = "difficulty"
FULL = 86.0  # percent of the picture's height that the longest bar takes; its count stands above


@dataclass(frozen=True)
class Bar:
    """How many texts have a d between two bounds."""

    x: str
    middle: str
    width: str
    y: str
    height: str
    count: str
    words: str  # the same, for whoever does not see it


@dataclass(frozen=True)
class Difficulty:
    """What one stage found out."""

    finding: str
    words: str  # all counts, for whoever does not see the bars
    bars: tuple[Bar, ...]
    lowest: str
    mean_at: str
    models: Mapping[str, Mapping[str, Any]]  # by sparsity
    ends: tuple[tuple[str, Sequence[Mapping[str, Any]]], ...]  # easiest and hardest texts


def difficulties(stages: Sequence[StageRecord]) -> tuple[Difficulty, ...]:
    """One for each stage that scored texts."""
    return tuple(_drawn(stage.facts) for stage in stages if stage.kind == KIND)


def difficulty_finding(facts: Facts) -> str:
    """How d is spread, who was asked, and what may be wrong with the texts."""
    counts, lowest = facts["d"]["counts"], facts["d"]["lowest"]
    asked = [one["used"] for one in facts["models"].values()]
    told = [
        f"{_percent(counts[0] / sum(counts))} of {sum(counts):,} texts lie in the lowest of "
        f"{len(counts)} steps from d = {lowest:g} to 1, and the mean is {facts['d']['mean']:.3f}",
        f"{sum(asked)} of {len(asked)} pruned models were asked ({facts['method']})",
        f"{_percent(facts['likely_mislabelled'])} of the texts count as easy though the models "
        "answer them worse than by guessing, so their labels may be wrong",
    ]
    halves = facts.get("validation", {})
    if len(halves) > 1:
        told.append(
            f"The model that came in gets {_percent(halves['easy_accuracy'])} of the easy and "
            f"{_percent(halves['hard_accuracy'])} of the hard validation texts right"
        )
    return ". ".join(told) + "."


def difficulty_counts(facts: Facts) -> str:
    """The histogram as one line of numbers, from the easiest texts to the hardest."""
    return ", ".join(f"{count:,}" for count in facts["d"]["counts"])


def _drawn(facts: Facts) -> Difficulty:
    counts, lowest = facts["d"]["counts"], facts["d"]["lowest"]
    step = (1 - lowest) / len(counts)
    return Difficulty(
        finding=difficulty_finding(facts),
        words=f"texts by d, from {lowest:g} to 1: {difficulty_counts(facts)}",
        bars=tuple(
            _bar(
                place, counts, f"d {lowest + place * step:.3f} to {lowest + (place + 1) * step:.3f}"
            )
            for place in range(len(counts))
        ),
        lowest=f"{lowest:g}",
        mean_at=at(100 * (facts["d"]["mean"] - lowest) / (1 - lowest)),
        models=facts["models"],
        ends=(("Easiest", facts["easiest"]), ("Hardest", facts["hardest"])),
    )


def _bar(place: int, counts: Sequence[int], bounds: str) -> Bar:
    """As high as the root of its count: most texts are easy, and the others would not be seen."""
    share = math.sqrt(counts[place] / (max(counts) or 1))
    wide = 100 / len(counts)
    count = f"{counts[place]:,}"
    return Bar(
        x=at(place * wide + 0.1 * wide),
        middle=at((place + 0.5) * wide),
        width=at(0.8 * wide),
        y=at(100 - FULL * share),
        height=at(FULL * share),
        count=count,
        words=f"{bounds}: {count}",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
