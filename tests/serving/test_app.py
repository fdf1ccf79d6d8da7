"""Every address: its answers, its refusals, and nothing that a client wrote in the log."""

import json
import logging
import sys

import pytest
from starlette.testclient import TestClient

from edgecompress.serving.app import build
from edgecompress.serving.served import load
from edgecompress.serving.settings import Limits, Settings
from tests.serving.conftest import SEQUENCE

TEXTS = ["good film", "bad film", "good not bad", "a film", ""]
JSON = {"Content-Type": "application/json"}
INFER = "/v2/models/ten-words/infer"


def tensor(name, data):
    return {"name": name, "shape": [len(data)], "datatype": "BYTES", "data": data}


def test_answers_are_those_of_the_model_alone(client, model):
    told = client.post("/v1/predict", json={"texts": TEXTS}).json()
    assert told == {"predictions": model.predict(TEXTS), "model": model.digest}


def test_one_text_and_one_pair_are_answered_as_lists_of_one(client, model):
    one = client.post("/v1/predict", json={"text": "good film"}).json()
    assert one["predictions"] == model.predict(["good film"])
    pair = client.post("/v1/predict", json={"text": "good", "text_pair": "bad bad"}).json()
    assert pair["predictions"] == model.predict([("good", "bad bad")])


def test_pairs_are_answered(client, model):
    told = client.post("/v1/predict", json={"pairs": [["good", "bad"], ["a", "good"]]}).json()
    assert told["predictions"] == model.predict([("good", "bad"), ("a", "good")])


def test_more_than_two_labels(make_model, tmp_path_factory):
    import numpy as np

    from edgecompress.runtime.bundle import seal_bundle
    from edgecompress.runtime.golden import write_golden

    table = np.eye(10, 3, k=-5, dtype=np.float32)  # bad, good, film
    bundle = make_model(("no", "yes", "maybe"), table=table)
    write_golden(bundle, ["good", "film"])
    seal_bundle(bundle, sequence=1)
    served = load(Settings(bundle, "three"))
    with TestClient(build(served)) as client:
        told = client.post("/v1/predict", json={"text": "film"}).json()
        metadata = client.get("/v2/models/three").json()
    served.lane.close()
    assert told["predictions"][0]["label"] == "maybe"
    assert metadata["outputs"][2]["shape"] == [-1, 3]


def test_the_inference_protocol_gives_the_same_answers(client, model):
    body = {"id": "a-7", "inputs": [tensor("text", TEXTS)]}
    told = client.post(INFER, json=body).json()
    expected = model.predict(TEXTS)
    assert {key: told[key] for key in ("id", "model_name", "model_version")} == {
        "id": "a-7",
        "model_name": "ten-words",
        "model_version": str(SEQUENCE),
    }
    outputs = {output["name"]: output for output in told["outputs"]}
    assert outputs["label"]["data"] == [p["label"] for p in expected]
    assert outputs["scores"]["shape"] == [5, 2]
    assert outputs["scores"]["data"] == [s for p in expected for s in p["scores"].values()]


def test_the_inference_protocol_takes_pairs(client, model):
    body = {"inputs": [tensor("text", ["good"]), tensor("text_pair", ["bad bad"])]}
    (label, *_) = client.post(INFER, json=body).json()["outputs"]
    assert label["data"] == [model.predict([("good", "bad bad")])[0]["label"]]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b'{"text": "a"} trailing', 400, "not JSON"),
        (b'{"text": NaN}', 400, "not JSON"),
        (b'{"text": "\xff\xfe"}', 400, "not UTF-8 at byte 10"),
        ('{"text": "good"}'.encode("utf-16"), 400, "not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", 400, "not JSON"),  # a byte order mark is no JSON
        (b"[" * 500_000, 400, "nested too deeply"),
        (b'{"text":' * 100_000 + b"1" + b"}" * 100_000, 400, "nested too deeply"),
        (b'{"text": ' + b"9" * 10_000 + b"}", 400, "not JSON"),  # Python reads 4,300 digits
        (b"[" + b"1," * 400_000 + b"1]", 422, "known forms"),
        (b'{"text": "\\ud800"}', 422, "cannot be tokenized"),
        (b'{"text": 1e999}', 422, "not a string"),
        (b"null", 422, "known forms"),
        (b'{"text": "' + b"a" * 1_100_000 + b'"}', 413, "larger than 1048576 bytes"),
        (b'{"text": "' + b"a" * 20_001 + b'"}', 422, "20000 are allowed"),
    ],
)
def test_a_body_that_cannot_be_read_gets_its_status(client, body, status, told):
    for path in ("/v1/predict", INFER):
        answer = client.post(path, content=body, headers=JSON)
        assert answer.status_code == status
    error = client.post("/v1/predict", content=body, headers=JSON).json()["error"]
    assert told in error["message"]


def test_a_body_without_its_length_is_counted_while_it_comes(client):
    def chunks():
        yield b'{"text": "'
        for _ in range(200):
            yield b"a" * 10_000

    answer = client.post("/v1/predict", content=chunks(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_a_body_that_is_not_called_json_is_refused(client, headers):
    answer = client.post("/v1/predict", content=b'{"text": "good"}', headers=headers)
    assert answer.status_code == 415


def test_json_may_say_that_it_is_utf_8(client):
    headers = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
    answer = client.post("/v1/predict", content='{"text": "gööd"}'.encode(), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/v1/predict/",
        "/v2/models/other/infer",
        "/v2/models/..%2f..%2f..%2fetc%2fpasswd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/page.html",
        "/static/page.html",
        "/model.onnx",
        "/.edgecompress/manifest.json",
    ],
)
def test_no_address_names_a_file(client, path):
    opened = []
    watching = True
    sys.addaudithook(
        lambda event, given: opened.append(given) if watching and event == "open" else None
    )
    answer = client.get(path)
    watching = False
    assert answer.status_code == 404
    assert opened == []


def test_errors_come_in_the_format_of_their_protocol(client):
    ours = client.get("/nowhere").json()
    assert ours["error"].keys() == {"code", "message", "hint"}
    theirs = client.get("/v2/nowhere").json()
    assert isinstance(theirs["error"], str)


def test_another_method_is_refused_with_those_that_are_allowed(client):
    answer = client.get("/v1/predict")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_full_lane_is_busy_and_says_when_to_come_again(client, served):
    served.lane.waiting = Limits().waiting_texts
    answer = client.post("/v1/predict", json={"text": "good"})
    served.lane.waiting = 0
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1


def test_probes_are_answered_while_the_lane_is_full(client, served):
    served.lane.waiting = Limits().waiting_texts
    statuses = [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")]
    served.lane.waiting = 0
    assert statuses == [200, 200, 200]


def test_bodies_that_hold_too_much_memory_together_are_refused(client, served):
    served.held_bytes = Limits().held_bytes
    answer = client.post("/v1/predict", json={"text": "good"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert served.held_bytes == Limits().held_bytes  # what was read is given back


def test_an_answer_that_would_be_late_is_refused(settings):
    served = load(Settings(settings.bundle, "slow", limits=Limits(answer_s=0.0)))
    with TestClient(build(served)) as client:
        answer = client.post("/v1/predict", json={"text": "good"})
    served.lane.close()
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "too_late")


def test_a_bug_is_told_without_its_words(client, served, monkeypatch):
    def broken(encoded):
        raise RuntimeError("secret text")

    monkeypatch.setattr(served.model, "answers", broken)
    answer = client.post("/v1/predict", json={"text": "secret text"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_a_request_keeps_its_number_if_that_is_harmless(client):
    def number(given):
        return client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert number("abc-1.2_3") == "abc-1.2_3"
    assert number('a"b') != 'a"b'
    assert number("x" * 65) != "x" * 65


def test_answers_are_not_to_be_kept_or_guessed_at(client):
    headers = client.post("/v1/predict", json={"text": "good"}).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_log_tells_of_requests_and_never_of_texts(client, caplog):
    with caplog.at_level(logging.INFO, "edgecompress.serving"):
        client.post("/v1/predict?text=secret", json={"texts": ["secret", "secret too"]})
        client.post("/secret", json={"text": "secret"})
        client.request("SECRET", "/v1/predict", headers={"X-Request-ID": "secret / text"})
        client.post("/v1/predict", content=b'{"text": "secret', headers=JSON)
    told = [record.fields for record in caplog.records]
    assert [(line["route"], line["status"], line["texts"]) for line in told] == [
        ("/v1/predict", 200, 2),
        ("other", 404, 0),
        ("/v1/predict", 405, 0),
        ("/v1/predict", 400, 0),
    ]
    assert "secret" not in json.dumps(told).lower()


def test_while_it_stops_it_answers_says_so_and_lets_go_of_connections(client, served):
    served.draining = True
    assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 200)
    assert client.get("/v2/health/ready").status_code == 503
    answer = client.post("/v1/predict", json={"text": "good"})
    assert (answer.status_code, answer.headers["Connection"]) == (200, "close")


def test_it_is_ready_otherwise(client):
    for path in ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready", "/v2"):
        assert client.get(path).status_code == 200
    assert client.get("/v2/models/ten-words/ready").json() == {"name": "ten-words", "ready": True}


def test_metrics_count_requests_texts_and_what_was_cut(client, model):
    long = "film " * 600  # more than 512 tokens
    client.post("/v1/predict", json={"texts": ["good", long]})
    client.post("/v1/predict", json={"texts": []})
    told = client.get("/metrics").text.splitlines()
    assert "edgecompress_texts_total 2.0" in told
    assert "edgecompress_truncated_texts_total 1.0" in told
    assert "edgecompress_waiting_texts 0.0" in told
    assert f'edgecompress_model{{digest="{model.digest}",name="ten-words"}} 1.0' in told
    for status in (200, 422):
        line = f'edgecompress_request_seconds_count{{route="/v1/predict",status="{status}"}} 1.0'
        assert line in told


def test_the_page_may_load_nothing_but_itself(client):
    answer = client.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in answer.text
    assert "https://" not in answer.text
