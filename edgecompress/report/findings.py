"""What each picture shows, said in a sentence: the caption, and all that some readers get."""

from collections.abc import Sequence

from edgecompress.core.gate import GateReport, Outcome
from edgecompress.core.report import StageRecord
from edgecompress.report.charts import Panel
from edgecompress.report.numbers import duration
from edgecompress.report.verdicts import limited, of_outcome


def gate_finding(gate: GateReport) -> str:
    """How many intervals clear their limit."""
    total, clear = len(limited(gate)), len(of_outcome(gate, Outcome.HOLDS))
    return f"{clear} of {total} intervals lie wholly on the good side of their limit."


def cost_finding(panels: Sequence[Panel]) -> str:
    """From the first stage to the last, for each panel that reaches so far."""
    first, last = panels[0].rows[0].stage, panels[0].rows[-1].stage
    changes = [
        f"{panel.title} from {panel.rows[0].value} to {panel.rows[-1].value}"
        for panel in panels
        if (panel.rows[0].stage, panel.rows[-1].stage) == (first, last)
    ]
    return f"From {first} to {last}: {', '.join(changes)}."


def dearest_finding(panels: Sequence[Panel]) -> str:
    """The stage that costs most of each share, such as accuracy."""
    told = []
    for panel in panels:
        if not panel.from_zero:
            worst = min(range(1, len(panel.rows)), key=lambda k: panel.rows[k].change)
            if panel.rows[worst].change < 0:
                told.append(f"{panel.title} at {panel.rows[worst].stage} ({panel.steps[worst]})")
    return f"Most is lost of {', of '.join(told)}." if told else "No stage loses anything here."


def time_finding(stages: Sequence[StageRecord]) -> str:
    """How long it took, what took longest, and what was there already."""
    total = sum(stage.seconds for stage in stages)
    longest = max(stages, key=lambda stage: stage.seconds)
    share = longest.seconds / total if total else 0.0
    found = sum(stage.cached for stage in stages)
    return (
        f"Making everything took {duration(total)}, of which {longest.kind} {100 * share:.0f} %; "
        f"{found} of {len(stages)} stages came from the store this time."
    )
