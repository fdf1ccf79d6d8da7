"""report.json keeps its schema, is strict, and loses no number."""

import json
from dataclasses import replace

import jsonschema
import pytest

from edgecompress.core.report import StageRecord
from edgecompress.report.json import document, dumps


def _object(**properties):
    return {"type": "object", "properties": properties, "required": [*properties]}


TEXT, NUMBER, COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer", "minimum": 0}
NUMBERS = {"value": NUMBER, "low": NUMBER, "high": NUMBER, "unit": TEXT, "n": COUNT, "method": TEXT}
LIMIT = {
    "type": ["object", "null"],
    "properties": {"at_least": NUMBER, "at_most": NUMBER},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
CHECK = _object(
    check=TEXT,
    name=TEXT,
    data=TEXT,
    **NUMBERS,
    limit=LIMIT,
    outcome={"enum": ["holds", "broken", "undecided", "reported"]},
)
CHECK["if"] = {"properties": {"limit": {"type": "null"}}}
CHECK["then"] = {"properties": {"outcome": {"const": "reported"}}}
STAGE = _object(
    kind=TEXT,
    key=TEXT,
    digest=TEXT,
    seconds=NUMBER,
    cached={"type": "boolean"},
    facts={"type": "object"},
    metrics={"type": "object", "additionalProperties": _object(**NUMBERS)},
)
SCHEMA = _object(
    schema_version={"const": 1},
    verdict={"enum": ["holds", "broken", "undecided"]},
    recipe=_object(name=TEXT, digest=TEXT),
    candidate=_object(digest=TEXT, params=COUNT, bytes=COUNT, file=TEXT),
    teacher=_object(name=TEXT, params=COUNT, bytes=COUNT),
    environment=_object(
        cpu=TEXT,
        cpu_flags={"type": "array", "items": TEXT},
        cores=COUNT,
        threads=COUNT,
        versions={"type": "object"},
    ),
    checks={"type": "array", "items": CHECK},
    stages={"type": "array", "items": STAGE},
)


@pytest.mark.parametrize("name", ["holding", "broken", "undecided", "empty"])
def test_the_document_follows_schema_version_1(request, name):
    report = request.getfixturevalue(name)
    jsonschema.validate(json.loads(dumps(report)), SCHEMA)


def test_nothing_is_lost_between_document_and_text(undecided):
    assert json.loads(dumps(undecided)) == json.loads(json.dumps(document(undecided)))


def test_numbers_are_not_rounded(holding):
    (drop,) = [c for c in document(holding)["checks"] if c["name"] == "accuracy_drop"]
    assert (drop["value"], drop["low"], drop["high"]) == (0.0084, -0.0041, 0.0208)
    assert drop["limit"] == {"at_most": 0.03}


def test_only_an_undecided_limit_says_how_many_rows_it_needs(undecided):
    needed = {
        c["name"]: c["rows_needed"] for c in document(undecided)["checks"] if "rows_needed" in c
    }
    assert needed == {"label_loyalty": 4956}


def test_a_fact_that_is_not_a_number_is_refused(holding):
    stage = StageRecord("distill", "k", "d", 1.0, False, {"loss": float("nan")}, ())
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(replace(holding, stages=(stage,)))


def test_hostile_names_pass_through_unharmed(hostile):
    assert json.loads(dumps(hostile))["recipe"]["name"] == hostile.recipe_name
    assert dumps(hostile).isascii()
