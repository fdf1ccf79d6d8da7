"""bom.cdx.json: the bill of materials of a model, with what the gate measured, as CycloneDX 1.6.

https://cyclonedx.org/docs/1.6/json: the model with its model card, its teacher, its data and the
libraries that made it. Metrics carry their intervals. There is no date in it, and the serial number
is made from what the bundle is: the same release is the same bytes.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from edgecompress.core.gate import Verdict
from edgecompress.report.claims import limits_of_claim
from edgecompress.report.making import PYTHON, Making, Material, package_url

MODEL = "model"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:edgecompress:bom")


def bill_of_materials(making: Making) -> str:
    """The document as strict JSON, in one order."""
    return json.dumps(_document(making), indent=1, allow_nan=False) + "\n"


def _document(making: Making) -> dict[str, Any]:
    components = [
        _teacher(making.teacher),
        *map(_data, making.data),
        *(_library(name, version) for name, version in making.packages()),
    ]
    serial = uuid.uuid5(NAMESPACE, json.dumps([making.sequence, sorted(making.files.items())]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"tools": {"components": [_tool(making)]}, "component": _model(making)},
        "components": components,
        "dependencies": [
            {"ref": MODEL, "dependsOn": [component["bom-ref"] for component in components]}
        ],
    }


def _tool(making: Making) -> dict[str, Any]:
    version = making.report.environment.get("versions", {}).get("edgecompress", "unknown")
    return {"type": "application", "name": "edgecompress", "version": version}


def _model(making: Making) -> dict[str, Any]:
    report = making.report
    file = report.candidate.file
    return {
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "name": report.recipe_name,
        "version": str(making.sequence),
        "hashes": [{"alg": "SHA-256", "content": making.files[file]}],
        "licenses": [{"license": {"name": making.license}}],
        "modelCard": {
            "modelParameters": {
                "task": "text-classification",
                "datasets": [{"ref": material.name} for material in making.data],
                "inputs": [{"format": "text"}],
                "outputs": [{"format": f"one of {', '.join(making.recipe['labels'])}"}],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [_metric(verdict) for verdict in report.gate.verdicts]
            },
            "considerations": {"technicalLimitations": limits_of_claim(report)},
        },
        "properties": [{"name": name, "value": value} for name, value in _properties(making)],
    }


def _metric(verdict: Verdict) -> dict[str, Any]:
    m = verdict.measured
    where = ", ".join(filter(None, (m.data, m.part)))
    told: dict[str, Any] = {"type": f"{m.name} ({m.unit})", "value": repr(m.value)}
    if where:
        told["slice"] = where
    told["confidenceInterval"] = {"lowerBound": repr(m.low), "upperBound": repr(m.high)}
    return told


def _properties(making: Making) -> Iterator[tuple[str, str]]:
    """What has no field of its own: the verdict, and each limit that was judged."""
    report = making.report
    yield "edgecompress:verdict", report.gate.outcome.value
    yield "edgecompress:recipe", report.recipe_digest
    yield "edgecompress:python", report.environment.get("versions", {}).get(PYTHON, "unknown")
    for verdict in report.gate.verdicts:
        if verdict.limit:
            name = f"edgecompress:limit:{verdict.check}"
            yield name, f"{verdict.measured}, limit {verdict.limit}: {verdict.outcome}"


def _teacher(teacher: Material) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": teacher.name,
        "name": teacher.uri,
        **_pins(teacher),
    }


def _data(material: Material) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": material.name,
        "name": material.name,
        "description": material.uri,
        "data": [{"type": "dataset", "name": material.uri}],
        **_pins(material),
    }


def _pins(material: Material) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "sha256" in material.digest:
        told["hashes"] = [{"alg": "SHA-256", "content": material.digest["sha256"]}]
    notes = {name: str(value) for name, value in material.notes.items()}
    notes |= {name: value for name, value in material.digest.items() if name != "sha256"}
    told["properties"] = [
        {"name": f"edgecompress:{name}", "value": value} for name, value in notes.items()
    ]
    return told


def _library(name: str, version: str) -> dict[str, Any]:
    url = package_url(name, version)
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
