"""Which bodies are texts, and what is said of the others."""

import pytest

from edgecompress.serving.problems import Problem
from edgecompress.serving.settings import Limits
from edgecompress.serving.texts import of_infer, of_predict, outputs_of

LIMITS = Limits(texts=3, characters=10)


def tensor(name="text", data=("good",), **changed):
    data = list(data)
    return {"name": name, "shape": [len(data)], "datatype": "BYTES", "data": data} | changed


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"text": "good"}, ["good"]),
        ({"text": ""}, [""]),
        ({"text": "good", "text_pair": "bad"}, [("good", "bad")]),
        ({"texts": ["good", "bad"]}, ["good", "bad"]),
        ({"pairs": [["good", "bad"], ["a", "b"]]}, [("good", "bad"), ("a", "b")]),
    ],
)
def test_predict_takes_four_forms(body, texts):
    assert of_predict(body, LIMITS) == texts


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "none of the known forms"),
        ("good", "none of the known forms"),
        (None, "none of the known forms"),
        ({}, "none of the known forms"),
        ({"text": "a", "texts": ["b"]}, "none of the known forms"),
        ({"text_pair": "a"}, "none of the known forms"),
        ({"texts": ["a"], "path": "/etc/passwd"}, "none of the known forms"),
        ({"texts": "good"}, "texts must be a list"),
        ({"texts": {"0": "good"}}, "texts must be a list"),
        ({"texts": []}, "1 to 3 texts, got 0"),
        ({"texts": ["a"] * 4}, "1 to 3 texts, got 4"),
        ({"texts": ["a", 1]}, "text 1 is not a string"),
        ({"text": None}, "text 0 is not a string"),
        ({"text": "a", "text_pair": ["b"]}, "text 0 is not a string"),
        ({"texts": ["a" * 11]}, "text 0 has 11 characters, 10 are allowed"),
        ({"pairs": ["ab"]}, "list of two strings"),
        ({"pairs": [["a"]]}, "list of two strings"),
        ({"pairs": [["a", "b", "c"]]}, "list of two strings"),
        ({"pairs": [["a", "b" * 11]]}, "text 0 has 11 characters"),
    ],
)
def test_predict_says_what_is_wrong(body, told):
    with pytest.raises(Problem, match=told) as refused:
        of_predict(body, LIMITS)
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [
        ([tensor()], ["good"]),
        ([tensor(data=["a", "b"], shape=[2, 1])], ["a", "b"]),
        ([tensor(parameters={"content_type": "str"})], ["good"]),
        ([tensor(data=["a", "c"]), tensor("text_pair", ["b", "d"])], [("a", "b"), ("c", "d")]),
    ],
)
def test_infer_takes_one_tensor_or_two(inputs, texts):
    assert of_infer({"inputs": inputs, "id": "7", "parameters": {}}, LIMITS) == texts


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"inputs": []}, "inputs must be a list"),
        ({"inputs": [tensor()] * 3}, "inputs must be a list"),
        ({"inputs": [tensor()], "more": 1}, "an object with inputs"),
        ({"inputs": [tensor()], "id": 7}, "id must be a string"),
        ({"inputs": [tensor()], "outputs": ["label"]}, "outputs must be a list of objects"),
        ({"inputs": [tensor()], "outputs": [{"name": "loss"}]}, "outputs must be a list"),
        ({"inputs": ["good"]}, "input text must have data, datatype, name, shape"),
        ({"inputs": [tensor("text_pair")]}, "expected the input text"),
        ({"inputs": [tensor(datatype="FP32")]}, "of datatype BYTES"),
        ({"inputs": [tensor(shape=[2])]}, "its shape"),
        ({"inputs": [tensor(shape=[True])]}, "its shape"),
        ({"inputs": [tensor(data=[["a"]], shape=[1])]}, "text 0 is not a string"),
        ({"inputs": [tensor(parameters=[])]}, "parameters must be an object"),
        ({"inputs": [tensor(), tensor("text_pair", ["a", "b"])]}, "as many strings"),
    ],
)
def test_infer_says_what_is_wrong(body, told):
    with pytest.raises(Problem, match=told):
        of_infer(body, LIMITS)


def test_infer_gives_the_outputs_that_were_asked_for():
    predictions = [
        {"label": "b", "score": 0.75, "scores": {"a": 0.25, "b": 0.75}},
        {"label": "a", "score": 0.5, "scores": {"a": 0.5, "b": 0.5}},
    ]
    assert outputs_of({"outputs": [{"name": "scores"}]}, predictions) == [
        {"name": "scores", "datatype": "FP64", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]}
    ]
    assert [tensor["name"] for tensor in outputs_of({}, predictions)] == [
        "label",
        "score",
        "scores",
    ]
