"""Models side by side on rows that no search has seen: what each still answers rightly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.experiments.claims import interval
from edgecompress.checks.attack import survivors
from edgecompress.checks.shares import Hits
from edgecompress.core.case import Case, Contestant, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.data.named import NamedSources
from edgecompress.recipe.attacking import Attack
from edgecompress.workflow.candidates import Frame
from edgecompress.workflow.keeping import Keeper
from edgecompress.workflow.workspace import Workspace

Answers = Mapping[str, Hits]
"""By measure ("accuracy", then each attack): rows that are right."""


@dataclass(frozen=True)
class Judge:
    """The rows, and the attacks of the gate."""

    frame: Frame
    ws: Workspace

    @property
    def attack(self) -> Attack:
        """What the gate attacks by."""
        checks = self.frame.run.file.recipe.gate
        return next(check for check in checks if isinstance(check, Attack))

    def right(self, who: Contestant) -> tuple[Answers, Answers]:
        """Of this model, and of its teacher.

        Raises:
            MeasureError: not every row could be attacked, so seeds would not share their rows.
        """
        run, role = self.frame.run, self.attack.data
        case = Case(
            who,
            self.frame.teacher,
            {role: run.data.load(role)},
            run.file.recipe.labels,
            run.file.recipe.seed,
            keep=Keeper(self.ws.store),
            sources=NamedSources(run.file.folder, self.ws.resources),
            workers=self.ws.threads,
            progress=self.ws.progress,
            known=run.known,
        )
        labels = case.data[role].labels
        sides = [decisions(case.answers(m, role)) == labels for m in (who, case.teacher)]
        ours, teacher = ({"accuracy": side} for side in sides)
        for attack, kept, teachers in survivors(case, self.attack):
            if len(kept) < self.attack.rows:
                raise MeasureError(f"{attack}: {len(kept)} of {self.attack.rows} rows attacked")
            ours[attack], teacher[attack] = kept, teachers
        return ours, teacher


def differences(
    right: Mapping[str, Sequence[Answers]], pairs: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The first of each pair minus the second, in every measure, paired by seed and row."""
    found = []
    for first, second in pairs:
        for measure in right[first][0]:
            seeds = zip(right[first], right[second], strict=True)
            by_seed = [one[measure].astype(float) - other[measure] for one, other in seeds]
            value, low, high = interval(by_seed)
            found.append(
                {
                    "first": first,
                    "second": second,
                    "measure": measure,
                    "value": value,
                    "low": low,
                    "high": high,
                    "by_seed": [float(each.mean()) for each in by_seed],
                    "rows": len(by_seed[0]),
                }
            )
    return found
