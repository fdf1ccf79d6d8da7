"""What fooled the model on its training texts: how many, by which attack, and some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgecompress.core.artifact import Facts
from edgecompress.core.report import StageRecord
from edgecompress.recipe.adversarial import EXAMPLES

ENDED: Final = {
    "succeeded": "fell",
    "failed": "stood",
    "skipped": "were answered wrongly before",
    "unattackable": "could not be attacked",
}


@dataclass(frozen=True)
class Fooling:
    """What one stage found."""

    finding: str
    examples: Sequence[Mapping[str, Any]]


def foolings(stages: Sequence[StageRecord]) -> tuple[Fooling, ...]:
    """One for each stage that looked for such texts."""
    return tuple(
        Fooling(fooling_finding(stage.facts), stage.facts["examples"])
        for stage in stages
        if stage.kind == EXAMPLES
    )


def fooling_finding(facts: Facts) -> str:
    """How the rows ended, attack by attack, and what an attacker asked."""
    told = []
    for attack, ends in facts["attacks"].items():
        counts = ", ".join(f"{ends[kind]:,} {word}" for kind, word in ENDED.items() if kind in ends)
        told.append(f"{attack}: {counts}; {ends['queries_mean']:g} questions a text")
    return f"Of {facts['rows']:,} training texts, by {'. By '.join(told)}."
