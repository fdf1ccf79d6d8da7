"""Models side by side on rows that no search has seen: what each still answers rightly."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.experiments.claims import interval
from edgecompress.attacks.crew import Crew
from edgecompress.checks.attack import survivors
from edgecompress.checks.shares import Hits
from edgecompress.core.case import Case, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.recipe.attacking import Attack
from edgecompress.workflow.candidates import Frame
from edgecompress.workflow.contestants import contestant
from edgecompress.workflow.workspace import Workspace

Answers = Mapping[str, Hits]
"""By measure ("accuracy", then each attack): rows that are right."""
Stages = Sequence[Mapping[str, Any]]
"""In the place of the recipe's student, as JSON values."""
TEACHER: Final = "teacher"


def compared(
    frame: Frame, ws: Workspace, students: Mapping[str, Stages], seeds: int
) -> dict[str, list[Answers]]:
    """Every student made from each seed, and `TEACHER`, on the same rows, by the gate's attacks.

    Raises:
        MeasureError: not every row could be attacked, so seeds would not share their rows.
    """
    run = frame.run
    attacks = [check for check in run.file.recipe.gate if isinstance(check, Attack)]
    right: dict[str, list[Answers]] = {name: [] for name in (*students, TEACHER)}
    for seed in range(seeds):
        teacher: Answers = {}
        for name, stages in students.items():
            ws.progress.say(f"{name}, seed {seed}")
            who = contestant(frame.student(stages, seed), name)
            case = frame.case(who, {attack.data for attack in attacks})
            ours, teacher = _right(case, attacks, frame.crew)
            right[name].append(ours)
        right[TEACHER].append(teacher)
    return right


def _right(case: Case, attacks: Sequence[Attack], crew: Crew) -> tuple[Answers, Answers]:
    """Of the candidate, and of the teacher."""
    role = attacks[0].data
    labels = case.data[role].labels
    sides = [decisions(case.answers(m, role)) == labels for m in (case.candidate, case.teacher)]
    ours, teacher = ({"accuracy": side} for side in sides)
    for settings in attacks:
        for attack, kept, teachers in survivors(case, settings, crew):
            if len(kept) < settings.rows:
                raise MeasureError(f"{attack}: {len(kept)} of {settings.rows} rows attacked")
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
