"""The texts of a request, in the words of `/v1/predict` or of the Open Inference Protocol."""

from collections.abc import Sequence
from typing import Any

from edgecompress.runtime.model import Prediction
from edgecompress.runtime.text import Text
from edgecompress.serving.problems import Problem
from edgecompress.serving.settings import Limits

FORMS = ({"text"}, {"text", "text_pair"}, {"texts"}, {"pairs"})
SHAPES = (
    '{"text": ".."}, {"text": "..", "text_pair": ".."}, {"texts": [..]} or {"pairs": [[.., ..]]}'
)
TENSORS = ("text", "text_pair")  # the inputs of the Open Inference Protocol, in this order
OUTPUTS = ("label", "score", "scores")
INFER_KEYS = {"id", "parameters", "outputs"}  # beside `inputs`
TENSOR_KEYS = {"name", "shape", "datatype", "data"}


def of_predict(body: Any, limits: Limits) -> list[Text]:
    """The texts of a body of `/v1/predict`.

    Raises:
        Problem: 422, it has another form, or more or longer texts than the limits allow.
    """
    if not isinstance(body, dict) or set(body) not in FORMS:
        raise Problem(422, "the body has none of the known forms", f"send {SHAPES}")
    if "text" in body:
        return _paired([[body[key] for key in TENSORS if key in body]], limits)
    (given,) = body.values()
    if not isinstance(given, list):
        raise Problem(422, f"{next(iter(body))} must be a list", f"send {SHAPES}")
    if "pairs" in body and not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        raise Problem(422, "each of pairs must be a list of two strings")
    return _paired(given if "pairs" in body else [[text] for text in given], limits)


def of_infer(body: Any, limits: Limits) -> list[Text]:
    """The texts of an inference request of the Open Inference Protocol.

    Raises:
        Problem: 422, as above; or an input, its shape or its data type is not the model's.
    """
    if not isinstance(body, dict) or not {"inputs"} <= set(body) <= INFER_KEYS | {"inputs"}:
        raise Problem(422, "the body must be an object with inputs", "see /openapi.json")
    _require_extras(body)
    inputs = body["inputs"]
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= len(TENSORS):
        raise Problem(422, "inputs must be a list: text, and for pairs text_pair after it")
    columns = [_tensor(given, name) for given, name in zip(inputs, TENSORS, strict=False)]
    if len({len(column) for column in columns}) > 1:
        raise Problem(422, "text and text_pair must hold as many strings as each other")
    return _paired([list(row) for row in zip(*columns, strict=True)], limits)


def outputs_of(body: dict[str, Any], predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """The tensors that an inference request asked for, or all of them."""
    asked = [output["name"] for output in body.get("outputs", ())]
    count = len(predictions)
    labels = [p["label"] for p in predictions]
    score = [p["score"] for p in predictions]
    scores = [value for p in predictions for value in p["scores"].values()]
    all_shape = [count, len(predictions[0]["scores"])]
    made = (
        {"name": "label", "datatype": "BYTES", "shape": [count], "data": labels},
        {"name": "score", "datatype": "FP64", "shape": [count], "data": score},
        {"name": "scores", "datatype": "FP64", "shape": all_shape, "data": scores},
    )
    return [tensor for tensor in made if not asked or tensor["name"] in asked]


def _require_extras(body: dict[str, Any]) -> None:
    """What an inference request may hold beside its inputs."""
    if not isinstance(body.get("id", ""), str) or not isinstance(body.get("parameters", {}), dict):
        raise Problem(422, "id must be a string, and parameters an object")
    asked = body.get("outputs", [])
    if not isinstance(asked, list) or not all(map(_is_output, asked)):
        raise Problem(422, f"outputs must be a list of objects named {', '.join(OUTPUTS)}")


def _is_output(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and {"name"} <= set(given) <= {"name", "parameters"}
        and given["name"] in OUTPUTS
        and isinstance(given.get("parameters", {}), dict)
    )


def _tensor(given: Any, name: str) -> list[Any]:
    """The strings of one input."""
    if not isinstance(given, dict) or not TENSOR_KEYS <= set(given) <= TENSOR_KEYS | {"parameters"}:
        raise Problem(422, f"input {name} must have {', '.join(sorted(TENSOR_KEYS))}")
    if given["name"] != name or given["datatype"] != "BYTES":
        raise Problem(422, f"expected the input {name} of datatype BYTES")
    if not isinstance(given.get("parameters", {}), dict):
        raise Problem(422, "parameters must be an object")
    data, shape = given["data"], given["shape"]
    if not isinstance(data, list) or not _is_shape(shape, len(data)):
        raise Problem(422, f"data of {name} must be a flat list, and its shape [length of data]")
    return data


def _is_shape(given: Any, count: int) -> bool:
    numbers = isinstance(given, list) and not any(isinstance(size, bool) for size in given)
    return numbers and given in ([count], [count, 1])


def _paired(rows: Sequence[Sequence[Any]], limits: Limits) -> list[Text]:
    """Rows of one or two strings as the model takes them."""
    if not 1 <= len(rows) <= limits.texts:
        raise Problem(422, f"a request holds 1 to {limits.texts} texts, got {len(rows)}")
    for number, row in enumerate(rows):
        for text in row:
            if not isinstance(text, str):
                raise Problem(422, f"text {number} is not a string")
            if len(text) > limits.characters:
                raise Problem(
                    422,
                    f"text {number} has {len(text)} characters, {limits.characters} are allowed",
                    "the model reads only the beginning of long texts",
                )
    return [(row[0], row[1]) if len(row) == 2 else row[0] for row in rows]
