"""The server as users start it: its log, its exit codes, and what a signal does to requests."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

import pytest

from tests.serving.conftest import connected

ASK = {"texts": ["good film", "bad film"]}
HEADERS = {"Content-Type": "application/json"}


class Asking(threading.Thread):
    """A client that asks without pause, until nobody listens any more."""

    def __init__(self, port, outcomes, *, keep_alive):
        super().__init__()
        self.port, self.outcomes, self.keep_alive = port, outcomes, keep_alive

    def run(self):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = json.dumps(ASK)
        try:
            while True:
                try:
                    connection.connect() if connection.sock is None else None
                except ConnectionRefusedError:
                    return
                self.outcomes[self.ask(connection, body)] += 1
                if not self.keep_alive:
                    connection.close()
        finally:
            connection.close()

    def ask(self, connection, body):
        try:
            connection.request("POST", "/v1/predict", body, HEADERS)
            with connection.getresponse() as answer:
                told = json.loads(answer.read())
            return answer.status if answer.status != 200 else len(told["predictions"])
        except (OSError, HTTPException) as error:
            connection.close()
            return type(error).__name__


@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_under_load_loses_no_request(start, workers):
    process = start("--workers", str(workers), "--quiet")
    process.wait_for("ready", workers)
    outcomes = Counter()
    clients = [Asking(process.port, outcomes, keep_alive=number % 2) for number in range(8)]
    for client in clients:
        client.start()
    while outcomes[2] < 100:
        time.sleep(0.01)
    assert process.stop() == 143
    for client in clients:
        client.join()
    assert set(outcomes) == {2}  # two predictions each; nothing else has happened to anybody


def test_ctrl_c_is_130(start):
    process = start("--workers", "1")
    process.wait_for("ready")
    assert process.stop(signal.SIGINT) == 130


def test_the_log_is_json_and_tells_where_it_listens(start, model):
    process = start("--workers", "1", "--name", "mine")
    ready = process.wait_for("ready")
    assert (ready["model"], ready["digest"]) == ("mine", model.digest)
    assert process.ask("POST", "/v1/predict", ASK)[1]["predictions"] == model.predict(ASK["texts"])
    assert process.stop() == 143
    assert [line["event"] for line in process.log] == ["ready", "request", "stopping", "stopped"]


def test_quiet_leaves_out_the_lines_of_requests(start):
    process = start("--workers", "1", "--quiet")
    process.ask("GET", "/healthz")
    process.stop()
    assert [line["event"] for line in process.log] == ["ready", "stopping", "stopped"]


def test_a_reader_of_the_log_may_leave(bundle):
    command = [sys.executable, "-m", "edgecompress", "serve", str(bundle), "--port", "0"]
    with subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.PIPE) as process:
        port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
        process.stdout.close()
        for _ in range(3):
            with connected(("127.0.0.1", port)) as connection:
                connection.request("GET", "/healthz")
                assert connection.getresponse().status == 200
        process.terminate()
    assert process.returncode == 143


def test_a_damaged_bundle_is_not_served(start, bundle):
    (bundle / "config.json").write_text("{}")
    process = start("--workers", "2")
    assert process.code() == 6
    assert "config.json: changed" in process.stderr()
    assert process.log == []


def test_a_model_that_answers_otherwise_is_not_served(start, bundle):
    # sealed again after a change, so that only the golden answers tell
    from edgecompress.runtime.bundle import seal_bundle

    golden = bundle / ".edgecompress/golden.jsonl"
    lines = [json.loads(line) for line in golden.read_text().splitlines()]
    for line in lines:
        line["logits"] = [5 - value for value in line["logits"]]
    golden.write_text("".join(json.dumps(line) + "\n" for line in lines))
    seal_bundle(bundle, sequence=1)
    process = start("--workers", "2")
    assert process.code() == 6
    assert any("answers as another model would" in line["event"] for line in process.log)


def test_an_address_that_is_taken_is_the_environments_fault(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--workers", "1", "--port", str(taken.getsockname()[1]))
        assert process.code() == 4
    assert "choose another --host or --port" in process.stderr()


def test_a_worker_that_dies_is_replaced_and_counts_go_on(start):
    process = start("--workers", "2")
    process.wait_for("ready", 2)
    first = process.wait_for("ready")["pid"]
    for _ in range(4):
        assert process.ask("POST", "/v1/predict", ASK)[0] == 200
    os.kill(first, signal.SIGKILL)
    assert process.wait_for("worker died")["worker"] == first
    process.wait_for("ready", 3)
    with connected(("127.0.0.1", process.port)) as connection:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode().splitlines()
    assert "edgecompress_texts_total 8.0" in told  # of both, and of the one that died
    assert process.stop() == 143


def test_workers_end_with_whoever_started_them(start):
    process = start("--workers", "2")
    process.wait_for("ready", 2)
    process.process.kill()
    assert process.code() == -9
    assert [line["event"] for line in process.log].count("stopped") == 2
