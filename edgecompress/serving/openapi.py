"""The OpenAPI document of one served model: exactly what is accepted, and every answer there is.

Written here rather than derived, so that it needs no server to be read; the tests hold the server
to it. Numbers come from the limits, labels from the model.
"""

from collections.abc import Sequence
from typing import Any

from edgecompress import __version__
from edgecompress.serving.settings import Limits

Json = dict[str, Any]

ERRORS = {
    400: "the body is not JSON, not UTF-8, or nested too deeply",
    408: "the body did not arrive in time",
    413: "the body is too large",
    415: "the body is not called application/json, or is compressed",
    422: "the body is JSON but not what is accepted here; the message says what is wrong",
    500: "a bug, or a model whose answer is not a number; the log says where",
    503: "no room now: come again after Retry-After seconds",
    504: "no answer in time",
}


def document(name: str, labels: Sequence[str], limits: Limits) -> Json:
    """OpenAPI 3.1.

    Args:
        name: of the model, as it stands in the addresses under /v2/models.
        labels: of the model.
        limits: of the server.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "edgecompress",
            "version": __version__,
            "description": "One text classifier. Each text is answered as if it were alone. "
            "Any answer may also be 503 while the server is stopping.",
        },
        "paths": _paths(name),
        "components": {"schemas": _schemas(name, labels, limits)},
    }


def _paths(name: str) -> Json:
    model = f"/v2/models/{name}"
    return {
        "/": {"get": _get("A page to try the model", _content({"type": "string"}, "text/html"))},
        "/openapi.json": {"get": _get("This document", _content({"type": "object"}))},
        "/healthz": {"get": _get("Alive: the process answers", _ref("Alive"))},
        "/readyz": {"get": _get("Ready: the model has proved itself", _ref("Ready"), 503)},
        "/metrics": {"get": _get("For Prometheus", _content({"type": "string"}, "text/plain"))},
        "/v1/predict": {"post": _post("Label texts", "Predict", "Predictions", "Error")},
        "/v2": {"get": _get("Open Inference Protocol: the server", _ref("Server"))},
        "/v2/health/live": {"get": _get("Alive", _ref("Live"))},
        "/v2/health/ready": {"get": _get("Ready", _ref("ServerReady"), 503)},
        model: {"get": _get("The model's inputs and outputs", _ref("Model"))},
        f"{model}/ready": {"get": _get("Ready", _ref("ModelReady"), 503)},
        f"{model}/infer": {"post": _post("Label texts", "Infer", "Inferred", "ProtocolError")},
    }


def _get(summary: str, content: Json, *more: int) -> Json:
    """An address that is asked; with `more` statuses it says no in the same form."""
    told = {str(status): {"description": "not now", "content": content} for status in more}
    yes = {"200": {"description": summary, "content": content}}
    return {"summary": summary, "responses": {**yes, **told}}


def _post(summary: str, request: str, response: str, error: str) -> Json:
    """An address that answers texts."""
    later = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    errors: Json = {
        str(status): {"description": told, "content": _ref(error)}
        for status, told in ERRORS.items()
    }
    errors["503"]["headers"] = later
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _ref(request)},
        "responses": {"200": {"description": "The answers", "content": _ref(response)}, **errors},
    }


def _ref(schema: str) -> Json:
    return _content({"$ref": f"#/components/schemas/{schema}"})


def _content(schema: Json, kind: str = "application/json") -> Json:
    return {kind: {"schema": schema}}


def _schemas(name: str, labels: Sequence[str], limits: Limits) -> Json:
    text: Json = {"type": "string", "maxLength": limits.characters}
    probability: Json = {"type": "number", "minimum": 0, "maximum": 1}
    digest: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    prediction = _closed(
        label={"enum": list(labels)},
        score=probability,
        scores=_closed(**dict.fromkeys(labels, probability)),
    )
    error = _closed(**{key: {"type": "string"} for key in ("code", "message", "hint")})
    named: Json = {"const": name}
    return {
        "Text": text,
        "Predict": _predict(limits),
        "Predictions": _closed(predictions=_listed(prediction, limits.texts), model=digest),
        "Error": _closed(error=error),
        "ProtocolError": _closed(error={"type": "string"}),
        "Alive": _closed(status={"const": "alive"}),
        "Ready": _closed(status={"enum": ["ready", "draining"]}),
        "Live": _closed(live={"const": True}),
        "ServerReady": _closed(ready={"type": "boolean"}),
        "ModelReady": _closed(name=named, ready={"type": "boolean"}),
        "Server": _closed(
            name={"const": "edgecompress"}, version={"type": "string"}, extensions={"maxItems": 0}
        ),
        "Model": {"type": "object", "required": ["name", "versions", "inputs", "outputs"]},
        "Infer": _infer(limits),
        "Inferred": {"type": "object", "required": ["model_name", "model_version", "outputs"]},
    }


def _predict(limits: Limits) -> Json:
    text = {"$ref": "#/components/schemas/Text"}
    pair = {"type": "array", "items": text, "minItems": 2, "maxItems": 2}
    return {
        "oneOf": [
            _closed(text=text),
            _closed(text=text, text_pair=text),
            _closed(texts=_listed(text, limits.texts)),
            _closed(pairs=_listed(pair, limits.texts)),
        ],
        "examples": [{"texts": ["a film to remember", "two hours I want back"]}],
    }


def _infer(limits: Limits) -> Json:
    """All inputs have one shape [n] or [n, 1], and n strings."""
    counted = [
        {"shape": {"enum": [[n], [n, 1]]}, "data": {"minItems": n, "maxItems": n}}
        for n in range(1, limits.texts + 1)
    ]
    request = _closed(
        inputs={
            "type": "array",
            "prefixItems": [_tensor("text"), _tensor("text_pair")],
            "minItems": 1,
            "maxItems": 2,
        }
    )
    parameters = {"type": "object"}
    output = _closed(name={"enum": ["label", "score", "scores"]})
    output["properties"]["parameters"] = parameters
    request["properties"] |= {
        "id": {"type": "string"},
        "parameters": parameters,
        "outputs": {"type": "array", "items": output},
    }
    request["anyOf"] = [
        {"properties": {"inputs": {"items": {"properties": same}}}} for same in counted
    ]
    request["examples"] = [
        {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a film"]}]}
    ]
    return request


def _tensor(name: str) -> Json:
    text = {"$ref": "#/components/schemas/Text"}
    made = _closed(
        name={"const": name},
        datatype={"const": "BYTES"},
        shape={"type": "array", "items": {"type": "integer"}},
        data={"type": "array", "items": text},
    )
    made["properties"]["parameters"] = {"type": "object"}
    return made


def _listed(item: Json, most: int) -> Json:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


def _closed(**properties: Json) -> Json:
    """An object with just these keys, all of them needed."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
