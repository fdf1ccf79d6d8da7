"""The provenance statement: in-toto's fields, SLSA's predicate, and no date."""

import json
from collections.abc import Callable

import jsonschema
import pytest

from edgecompress.report.making import Making
from edgecompress.report.provenance import provenance

TEXT = {"type": "string", "minLength": 1}
DIGESTS = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
DESCRIPTOR = {  # in-toto attestation framework, spec/v1/resource_descriptor.md
    "type": "object",
    "properties": {
        "name": TEXT,
        "uri": {**TEXT, "pattern": "^[^ ]+$"},
        "digest": DIGESTS,
        "annotations": {"type": "object"},
    },
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}],
    "additionalProperties": False,
}
PREDICATE = {  # slsa.dev/spec/v1.0/provenance
    "type": "object",
    "required": ["buildDefinition", "runDetails"],
    "properties": {
        "buildDefinition": {
            "type": "object",
            "required": ["buildType", "externalParameters"],
            "properties": {
                "buildType": TEXT,
                "externalParameters": {"type": "object", "minProperties": 1},
                "internalParameters": {"type": "object"},
                "resolvedDependencies": {"type": "array", "items": DESCRIPTOR},
            },
            "additionalProperties": False,
        },
        "runDetails": {
            "type": "object",
            "required": ["builder"],
            "properties": {
                "builder": {"type": "object", "required": ["id"]},
                "byproducts": {"type": "array", "items": DESCRIPTOR},
            },
            "additionalProperties": False,
        },
    },
}
STATEMENT = {  # in-toto attestation framework, spec/v1/statement.md
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {
            "type": "array",
            "minItems": 1,
            "items": {**DESCRIPTOR, "required": ["digest"]},
        },
        "predicateType": {"const": "https://slsa.dev/provenance/v1"},
        "predicate": PREDICATE,
    },
    "additionalProperties": False,
}


@pytest.fixture
def making(holding, make_making: Callable[..., Making]) -> Making:
    return make_making(holding)


def test_it_has_the_fields_of_the_specifications(making: Making) -> None:
    jsonschema.validate(json.loads(provenance(making)), STATEMENT)


def test_its_subjects_are_what_was_shipped(making: Making) -> None:
    subjects = json.loads(provenance(making))["subject"]
    assert {s["name"]: s["digest"]["sha256"] for s in subjects} == making.files


def test_it_names_recipe_teacher_data_and_libraries(making: Making) -> None:
    built = json.loads(provenance(making))["predicate"]["buildDefinition"]
    assert built["externalParameters"] == {"recipe": making.recipe, "sequence": 2}
    assert [d["uri"] for d in built["resolvedDependencies"]] == [
        "resource:minilm-l6",
        "resource:rotten-tomatoes",
        "reviews.csv",
        "pkg:pypi/onnxruntime@1.31.1",
        "pkg:pypi/torch@2.13.0",
    ]
    assert built["resolvedDependencies"][2]["digest"] == {"sha256": "9" * 64}


def test_every_stage_is_a_byproduct(making: Making) -> None:
    stages = json.loads(provenance(making))["predicate"]["runDetails"]["byproducts"]
    assert [s["name"] for s in stages] == ["finetune", "distill", "export", "quantize"]


def test_the_same_release_is_the_same_bytes(making: Making) -> None:
    assert provenance(making) == provenance(making)
