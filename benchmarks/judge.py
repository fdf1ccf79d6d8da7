"""Models side by side on rows that no search has seen: what each still answers rightly."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.experiments.claims import interval
from edgecompress.attacks.crew import Crew, local_crew
from edgecompress.checks.attack import survivors
from edgecompress.checks.shares import Hits
from edgecompress.core.case import Case, Contestant, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.data.named import NamedSources
from edgecompress.recipe.attacking import WORD_LISTS, Attack
from edgecompress.workflow.candidates import Frame
from edgecompress.workflow.keeping import Keeper
from edgecompress.workflow.workspace import Workspace

Answers = Mapping[str, Hits]
"""By measure ("accuracy", then each attack): rows that are right."""


@dataclass(frozen=True)
class Judge:
    """The rows, the attacks of the gate, and who attacks."""

    frame: Frame
    ws: Workspace
    sources: NamedSources
    crew: Crew

    def right(self, who: Contestant) -> tuple[Answers, Answers]:
        """Of this model, and of its teacher.

        Raises:
            MeasureError: not every row could be attacked, so seeds would not share their rows.
        """
        run, checks = self.frame.run, self.frame.run.file.recipe.gate
        attacks = [check for check in checks if isinstance(check, Attack)]
        role = attacks[0].data
        case = Case(
            who,
            self.frame.teacher,
            {attack.data: run.data.load(attack.data) for attack in attacks},
            run.file.recipe.labels,
            run.file.recipe.seed,
            keep=Keeper(self.ws.store),
            sources=self.sources,
            workers=self.ws.threads,
            progress=self.ws.progress,
            known=run.known,
        )
        labels = case.data[role].labels
        sides = [decisions(case.answers(m, role)) == labels for m in (who, case.teacher)]
        ours, teacher = ({"accuracy": side} for side in sides)
        for settings in attacks:
            for attack, kept, teachers in survivors(case, settings, self.crew):
                if len(kept) < settings.rows:
                    raise MeasureError(f"{attack}: {len(kept)} of {settings.rows} rows attacked")
                ours[attack], teacher[attack] = kept, teachers
        return ours, teacher


@contextmanager
def judge_of(frame: Frame, ws: Workspace) -> Iterator[Judge]:
    """One crew for all models: TextAttack takes each process many seconds to start."""
    sources = NamedSources(frame.run.file.folder, ws.resources)
    with local_crew(ws.threads, sources.place(WORD_LISTS)) as crew:
        yield Judge(frame, ws, sources, crew)


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
