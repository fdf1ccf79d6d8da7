"""report.json: the report for programs, with the field names of schema version 1."""

import json
from dataclasses import asdict
from typing import Any

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.gate import Limit, Refusal, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.core.report import RunReport, StageRecord

SCHEMA_VERSION = 1


def dumps(report: RunReport) -> str:
    """The document as strict JSON: ASCII, no NaN, no Infinity."""
    return json.dumps(document(report), indent=2, allow_nan=False) + "\n"


def document(report: RunReport) -> dict[str, Any]:
    """Every number that was measured, with its interval, its limit and what came of it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.gate.outcome.value,
        "recipe": {"name": report.recipe_name, "digest": report.recipe_digest},
        "candidate": asdict(report.candidate),
        "teacher": asdict(report.teacher),
        "environment": dict(report.environment),
        "data": {role: dict(notes) for role, notes in report.data.items()},
        "checks": [check_entry(verdict) for verdict in report.gate.verdicts],
        "refused": [_refused(refusal) for refusal in report.gate.refusals],
        "exhibits": [_exhibit(exhibit) for exhibit in report.gate.exhibits],
        "stages": [_stage(stage) for stage in report.stages],
    }


def check_entry(verdict: Verdict) -> dict[str, Any]:
    """One measurement, its limit and what came of it."""
    entry = {
        "check": verdict.check,
        "name": verdict.measured.name,
        **_numbers(verdict.measured),
        "limit": _limit(verdict.limit),
        "outcome": verdict.outcome.value,
    }
    if verdict.limit is not None and verdict.limit.rows > 1:
        entry["rows_at_least"] = verdict.limit.rows
    if (rows := verdict.rows_needed()) is not None:
        entry["rows_needed"] = rows
    return entry


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    return {
        "kind": exhibit.kind,
        "title": exhibit.title,
        "data": exhibit.data,
        "content": dict(exhibit.content),
    }


def _refused(refusal: Refusal) -> dict[str, Any]:
    refused = refusal.refused
    return {
        "check": refusal.check,
        "name": refused.name,
        "data": refused.data,
        **({"part": refused.part} if refused.part else {}),
        "why": refused.why,
        "limit": _limit(refusal.limit),
        "outcome": refusal.outcome.value,
    }


def _limit(limit: Limit | None) -> dict[str, float] | None:
    if limit is None:
        return None
    sides = {"at_least": limit.at_least, "at_most": limit.at_most}
    return {side: value for side, value in sides.items() if value is not None}


def _stage(stage: StageRecord) -> dict[str, Any]:
    return {
        "kind": stage.kind,
        "key": stage.key,
        "digest": stage.digest,
        "seconds": stage.seconds,
        "cached": stage.cached,
        "facts": dict(stage.facts),
        "metrics": {key_of(m): _numbers(m) for m in stage.metrics},
    }


def key_of(measured: Measurement) -> str:
    """Name of one metric of a stage; of several parts each is told apart."""
    return f"{measured.name} ({measured.part})" if measured.part else measured.name


def _numbers(measured: Measurement) -> dict[str, Any]:
    told = {
        "data": measured.data,
        "value": float(measured.value),
        "low": float(measured.low),
        "high": float(measured.high),
        "unit": measured.unit,
        "n": measured.n,
        "method": measured.method,
    }
    told |= {"note": measured.note} if measured.note else {}
    return told | ({"part": measured.part} if measured.part else {})
