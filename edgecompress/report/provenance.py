"""provenance.json: an in-toto statement on how a bundle was made, with SLSA's predicate.

https://in-toto.io/Statement/v1 and https://slsa.dev/spec/v1.0/provenance. It claims no SLSA level:
we say what we did, and whoever runs us says what that is worth. A signature over the bundle covers
this file, too.
"""

import json
from typing import Any

from edgecompress.core.report import StageRecord
from edgecompress.report.making import PYTHON, Making, Material, package_url

BUILD_TYPE = "urn:edgecompress:recipe:v1"
BUILDER = "urn:edgecompress:builder:local"
FOLDER_DIGEST = "edgecompressFolder"  # sha256 over paths and contents, see decision 0002


def provenance(making: Making) -> str:
    """The statement as strict JSON, in one order, without dates."""
    return json.dumps(_statement(making), indent=1, allow_nan=False) + "\n"


def _statement(making: Making) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": path, "digest": {"sha256": sha256}}
            for path, sha256 in sorted(making.files.items())
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"recipe": making.recipe, "sequence": making.sequence},
                "internalParameters": {"recipe_digest": making.report.recipe_digest},
                "resolvedDependencies": [
                    *map(_material, (making.teacher, *making.data)),
                    *(
                        {"name": name, "uri": package_url(name, version)}
                        for name, version in making.packages()
                    ),
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": _versions(making)},
                "byproducts": [_stage(stage) for stage in making.report.stages],
            },
        },
    }


def _material(material: Material) -> dict[str, Any]:
    told: dict[str, Any] = {"name": material.name, "uri": material.uri}
    if material.digest:
        told["digest"] = dict(material.digest)
    if material.notes:
        told["annotations"] = dict(material.notes)
    return told


def _versions(making: Making) -> dict[str, str]:
    seen = making.report.environment.get("versions", {})
    return {name: seen[name] for name in ("edgecompress", PYTHON) if name in seen}


def _stage(stage: StageRecord) -> dict[str, Any]:
    return {
        "name": stage.kind,
        "digest": {FOLDER_DIGEST: stage.digest},
        "annotations": {"key": stage.key},
    }
