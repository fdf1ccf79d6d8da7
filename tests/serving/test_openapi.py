"""The document says what the server does: every address, every status, every form of a body."""

import json

import jsonschema
import pytest

from edgecompress.serving.app import build
from edgecompress.serving.openapi import ERRORS, document
from edgecompress.serving.problems import CODES
from edgecompress.serving.settings import Limits

LABELS = ("negative", "positive")


@pytest.fixture
def told(client):
    return client.get("/openapi.json").json()


def schema(told, name):
    """One of the document's schemas, with its references in reach."""
    return {"$ref": f"#/components/schemas/{name}", "components": told["components"]}


def holds(told, name, value):
    kind = jsonschema.Draft202012Validator
    return kind(schema(told, name)).is_valid(value)


def test_it_is_made_for_the_model_that_is_served(told, served):
    assert told == document("ten-words", LABELS, Limits())


def test_it_lists_every_address_and_method_and_no_other(told, served):
    routes = {
        (route.path, method.lower())
        for route in build(served).routes
        for method in route.methods - {"HEAD"}
    }
    listed = {(path, method) for path, at in told["paths"].items() for method in at}
    assert listed == routes


def test_every_status_is_listed(told):
    listed = set(told["paths"]["/v1/predict"]["post"]["responses"])
    assert listed == {"200", *map(str, ERRORS)}
    assert set(CODES) - set(ERRORS) == {404, 405}  # of what is not an address of ours


def test_every_answer_has_the_form_that_is_promised(told, client):
    seen = 0
    for path, at in told["paths"].items():
        if "get" in at and "application/json" in at["get"]["responses"]["200"]["content"]:
            promised = at["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            validator = jsonschema.Draft202012Validator(
                {**promised, "components": told["components"]}
            )
            validator.validate(client.get(path).json())
            seen += 1
    assert seen == 8  # of them speak JSON
    predicted = client.post("/v1/predict", json={"texts": ["good", "bad"]}).json()
    assert holds(told, "Predictions", predicted)
    assert holds(told, "Error", client.post("/v1/predict", json={}).json())
    infer = client.post("/v2/models/ten-words/infer", json={})
    assert holds(told, "ProtocolError", infer.json())


def test_every_example_is_answered(told, client):
    for path, name in (("/v1/predict", "Predict"), ("/v2/models/ten-words/infer", "Infer")):
        for example in told["components"]["schemas"][name]["examples"]:
            assert holds(told, name, example)
            assert client.post(path, json=example).status_code == 200


def tensor(name, *data, shape=None):
    shape = [len(data)] if shape is None else shape
    return {"name": name, "shape": shape, "datatype": "BYTES", "data": list(data)}


BODIES = [
    ("Predict", {"text": "a"}),
    ("Predict", {"text": "a", "text_pair": "b"}),
    ("Predict", {"texts": ["a"] * 64}),
    ("Predict", {"texts": ["a"] * 65}),
    ("Predict", {"texts": []}),
    ("Predict", {"texts": ["a", 1]}),
    ("Predict", {"pairs": [["a", "b"]]}),
    ("Predict", {"pairs": [["a"]]}),
    ("Predict", {"text": "a" * 20_001}),
    ("Predict", {"text": "a", "more": 1}),
    ("Infer", {"inputs": [tensor("text", "a")]}),
    ("Infer", {"inputs": [tensor("text", "a", "b", shape=[2, 1])]}),
    ("Infer", {"inputs": [tensor("text", "a", "b", shape=[3])]}),
    ("Infer", {"inputs": [tensor("text", "a", shape=[True])]}),
    ("Infer", {"inputs": [tensor("text", "a", shape=[1.0])]}),
    ("Infer", {"inputs": [tensor("text", "a"), tensor("text_pair", "b")]}),
    ("Infer", {"inputs": [tensor("text", "a"), tensor("text_pair", "b", "c")]}),
    ("Infer", {"inputs": [tensor("text_pair", "b")]}),
    ("Infer", {"inputs": [tensor("text")]}),
    ("Infer", {"inputs": [tensor("text", "a")], "outputs": [{"name": "score"}]}),
    ("Infer", {"inputs": [tensor("text", "a")], "outputs": [{"name": "loss"}]}),
]


@pytest.mark.parametrize(("name", "body"), BODIES, ids=lambda given: json.dumps(given)[:60])
def test_what_the_document_allows_is_what_the_server_accepts(told, client, name, body):
    path = "/v1/predict" if name == "Predict" else "/v2/models/ten-words/infer"
    status = client.post(path, json=body).status_code
    assert status == (200 if holds(told, name, body) else 422)
