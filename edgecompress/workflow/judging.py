"""Measuring a candidate with every check of a recipe, and judging it by the recipe's limits."""

from collections.abc import Sequence

from edgecompress.checks import CHECKS
from edgecompress.core.case import Case
from edgecompress.core.gate import GateReport, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.recipe.checks import CheckSettings
from edgecompress.recipe.schema import Recipe
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.keys import library_versions, step_key
from edgecompress.workflow.metrics import LIBRARIES, load_measurements, save_measurements
from edgecompress.workflow.workspace import Workspace

VERSION = 2  # raise when a check measures differently


def gate_key(case: Case, check: CheckSettings, kind: str) -> str:
    """What a check's numbers depend on: models, rows, settings, this machine, these libraries."""
    roles = check.roles()
    return step_key(
        {
            "kind": f"check/{kind}",
            "version": VERSION,
            "settings": check.model_dump(mode="json"),
            "inputs": [
                case.candidate.digest,
                case.teacher.digest,
                case.parent.digest if case.parent else None,
                *(case.data[role].digest for role in roles),
            ],
            "machine": fingerprint(),
            "libraries": library_versions(LIBRARIES),
            "seed": case.seed,
        }
    )


def judge_candidate(case: Case, recipe: Recipe, ws: Workspace, *, again: bool) -> GateReport:
    """All verdicts. A check that held before on this very machine is not measured twice.

    Args:
        again: measure everything anew, as `gate` does.
    """
    verdicts: list[Verdict] = []
    for check in recipe.gate:
        ws.progress.say(f"gate: {check.check}")
        verdicts += _of_check(case, check, ws, again=again)
    return GateReport(tuple(verdicts))


def _of_check(case: Case, check: CheckSettings, ws: Workspace, *, again: bool) -> list[Verdict]:
    kind: str = check.check  # type: ignore[attr-defined]  # each settings class has its literal
    key = gate_key(case, check, kind)
    found = None if again else ws.store.find(key)
    if found:
        return _judged(kind, load_measurements(found), check)
    verdicts = _judged(kind, CHECKS[kind](case, check), check)
    outcomes = {v.outcome.value for v in verdicts}
    if outcomes <= {"holds", "reported"}:
        # Only what held is kept: noise that broke or blurred a limit must not stick.
        save_measurements([v.measured for v in verdicts], key, (case.candidate.digest,), ws.store)
    return verdicts


def _judged(kind: str, measured: Sequence[Measurement], check: CheckSettings) -> list[Verdict]:
    limits = check.limits()
    return [Verdict.of(kind, m, limits.get(m.name)) for m in measured]
