"""report.json read back, so that a report can be told again without the run that made it."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgecompress.core.errors import InputError, MeasureError
from edgecompress.core.gate import Limit
from edgecompress.core.report import RunReport
from edgecompress.report.json import SCHEMA_VERSION

_REPORT = TypeAdapter(RunReport)
_NO_REPORT = (ValueError, KeyError, TypeError, AttributeError, RecursionError, MeasureError)
_NUMBERS = ("value", "low", "high", "unit", "n", "method", "data", "note", "part")


def loads(text: str | bytes, where: str) -> RunReport:
    """The report that `dumps` made this text from.

    Args:
        where: named in errors, e.g. the file's path.

    Raises:
        InputError: it is not a report, of another version, or contradicts itself.
    """
    try:
        told = json.loads(text)
        version = told["schema_version"]
        if version != SCHEMA_VERSION:
            raise InputError(
                f"{where}: has schema version {version}, this edgecompress reads {SCHEMA_VERSION}; "
                "run `edgecompress gate` on its recipe again"
            )
        report = _REPORT.validate_python(_nested(told))
        verdict = told["verdict"]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{where}: is not a report: {place}: {first['msg']}") from None
    except _NO_REPORT as error:
        raise InputError(f"{where}: is not a report: {type(error).__name__}: {error}") from None
    if report.gate.outcome != verdict:
        raise InputError(f"{where}: says {verdict}, but its limits say {report.gate.outcome}")
    return report


def _nested(told: Mapping[str, Any]) -> dict[str, Any]:
    """As the fields of RunReport lie in each other."""
    return {
        "recipe_name": told["recipe"]["name"],
        "recipe_digest": told["recipe"]["digest"],
        "candidate": told["candidate"],
        "teacher": told["teacher"],
        "environment": told["environment"],
        "data": told["data"],
        "gate": {
            "verdicts": [_verdict(entry) for entry in told["checks"]],
            "refusals": [_refusal(entry) for entry in told["refused"]],
            "exhibits": told["exhibits"],
        },
        "stages": [_stage(entry) for entry in told["stages"]],
    }


def _verdict(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "check": entry["check"],
        "measured": _measured(entry["name"], entry),
        "limit": _limit(entry),
        "outcome": entry["outcome"],
    }


def _refusal(entry: Mapping[str, Any]) -> dict[str, Any]:
    refused = {name: entry[name] for name in ("name", "data", "why")}
    part = entry.get("part", "")
    return {
        "check": entry["check"],
        "refused": {**refused, "part": part},
        "limit": _limit(entry),
    }


def _limit(entry: Mapping[str, Any]) -> Limit | None:
    if entry["limit"] is None:
        return None
    return Limit(**entry["limit"], rows=entry.get("rows_at_least", 1))


def _stage(entry: Mapping[str, Any]) -> dict[str, Any]:
    metrics = [_metric(key, numbers) for key, numbers in entry["metrics"].items()]
    return {**entry, "metrics": metrics}


def _metric(key: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Its name is the key, without the part that tells it apart there."""
    part = numbers.get("part", "")
    return _measured(key.removesuffix(f" ({part})") if part else key, numbers)


def _measured(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, **{key: entry[key] for key in _NUMBERS if key in entry}}
