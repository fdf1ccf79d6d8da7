"""Measuring a candidate with every check of a recipe, and judging it by the recipe's limits."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from edgecompress.checks import CHECKS
from edgecompress.core.case import Case
from edgecompress.core.exhibit import Finding, exhibits_of, measurements_of, refused_of
from edgecompress.core.gate import GateReport, Outcome, Refusal, Verdict
from edgecompress.recipe.check import CheckSettings
from edgecompress.recipe.schema import Recipe
from edgecompress.runtime.machine import environment, fingerprint
from edgecompress.store.keys import library_versions, step_key
from edgecompress.workflow.keeping import load_findings, save_findings
from edgecompress.workflow.metrics import LIBRARIES
from edgecompress.workflow.workspace import Workspace

VERSION = 6  # raise when a check measures differently


def untold(event: str, **facts: Any) -> None:
    """Tell nobody of an event."""


def gate_key(case: Case, check: CheckSettings, kind: str) -> str:
    """What a check's numbers depend on: models, rows, settings, this machine, these libraries."""
    roles = (*check.roles(case.data), *check.beside(case.data))
    return step_key(
        {
            "kind": f"check/{kind}",
            "version": VERSION,
            "settings": check.model_dump(mode="json"),
            "inputs": [
                case.candidate.digest,
                case.teacher.digest,
                case.parent.digest if case.parent else None,
                case.retrained.digest if case.retrained and check.needs_retrained else None,
                *(case.data[role].digest for role in roles),
            ],
            "sources": {name: case.sources.digest(name) for name in check.sources()},
            "machine": fingerprint(),
            "libraries": library_versions((*LIBRARIES, *check.libraries)),
            "seed": case.seed,
        }
    )


def judged_on() -> dict[str, Any]:
    """The device's own facts, and the versions of what made and judged a model."""
    seen = environment()
    seen["versions"] |= library_versions(("torch", "transformers", "onnx", "scipy"))
    return {**seen, "threads": 1}


def judge_candidate(
    case: Case,
    recipe: Recipe,
    ws: Workspace,
    *,
    again: bool,
    tell: Callable[..., None] = untold,
) -> GateReport:
    """All verdicts. A check that held before on this very machine is not measured twice.

    Args:
        again: measure everything anew, as `gate` does.
        tell: told of each check, when it starts and what came of it.
    """
    parts = []
    for place, check in enumerate(recipe.gate):
        ws.progress.say(f"gate: {check.check}")
        which, began = {"place": f"gate[{place}]", "check": check.check}, time.monotonic()
        tell("check-started", **which)
        part = _judged(check.check, _of_check(case, check, ws, again=again), check)
        outcome = part.outcome if check.limits() else Outcome.REPORTED
        tell("check-judged", **which, outcome=outcome, seconds=round(time.monotonic() - began, 2))
        parts.append(part)
    return GateReport(
        tuple(verdict for part in parts for verdict in part.verdicts),
        tuple(exhibit for part in parts for exhibit in part.exhibits),
        tuple(refusal for part in parts for refusal in part.refusals),
    )


def _of_check(case: Case, check: CheckSettings, ws: Workspace, *, again: bool) -> Sequence[Finding]:
    kind: str = check.check  # type: ignore[attr-defined]  # each settings class has its literal
    key = gate_key(case, check, kind)
    kept = None if again else ws.store.find(key)
    if kept:
        return load_findings(kept)
    found = CHECKS[kind](case, check)
    if not check.limits() or _judged(kind, found, check).outcome is Outcome.HOLDS:
        # Only what held is kept: noise that broke or blurred a limit must not stick.
        save_findings(found, key, (case.candidate.digest,), ws.store)
    return found


def _judged(kind: str, found: Sequence[Finding], check: CheckSettings) -> GateReport:
    """What one check found, against its own limits."""
    limits = check.limits()
    return GateReport(
        tuple(Verdict.of(kind, m, limits.get(m.name)) for m in measurements_of(found)),
        exhibits_of(found),
        tuple(Refusal(kind, one, limits.get(one.name)) for one in refused_of(found)),
    )
