"""Bundles of ten words, servers in this process, and servers as users start them."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from edgecompress.runtime import EdgeModel
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import write_golden
from edgecompress.serving.app import build
from edgecompress.serving.served import Served, load
from edgecompress.serving.server import Server, bind
from edgecompress.serving.settings import Limits, Settings
from tests.runtime.conftest import folder, make_model, tokenizer

__all__ = ["folder", "make_model", "tokenizer"]

SEQUENCE = 3  # of the release


@pytest.fixture
def bundle(make_model) -> Path:
    """A sealed bundle with golden answers; "good" is positive, "bad" is negative."""
    made = make_model()
    write_golden(made, ["good film", "bad film"])
    seal_bundle(made, sequence=SEQUENCE)
    return made


@pytest.fixture
def settings(bundle) -> Settings:
    return Settings(bundle, "ten-words", port=0)


@pytest.fixture
def model(bundle) -> EdgeModel:
    """What the server's answers must equal."""
    return EdgeModel.load(bundle)


@pytest.fixture
def served(settings) -> Iterator[Served]:
    loaded = load(settings)
    yield loaded
    loaded.lane.close()


@pytest.fixture
def client(served) -> Iterator[TestClient]:
    """Asks the application directly; bugs come back as their status."""
    with TestClient(build(served), raise_server_exceptions=False) as made:
        yield made


@dataclass(frozen=True)
class Listening:
    """A real server in a thread of this process."""

    server: Server
    address: tuple[str, int]


@pytest.fixture
def listening(settings) -> Iterator[Callable[..., Listening]]:
    """Starts servers, with limits as keywords, and stops them after the test."""
    started = []

    def start(**limits: Any) -> Listening:
        mine = replace(settings, limits=replace(Limits(), **limits))
        sock, served = bind(mine), load(mine)
        server = Server(mine, served, None)
        server.config.timeout_keep_alive = 1  # seconds; tests do not wait for 75
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        started.append((server, served, thread))
        while not server.started:
            thread.join(0.01)
        return Listening(server, sock.getsockname())

    yield start
    for server, served, thread in started:
        server.should_exit = True
        thread.join()
        served.lane.close()


class Process:
    """`edgecompress serve` as a user starts it, and its log."""

    def __init__(self, bundle: Path, *options: str) -> None:
        command = [sys.executable, "-m", "edgecompress", "serve", str(bundle), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.log: list[dict[str, Any]] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(json.loads(line))

    def wait_for(self, event: str, times: int = 1) -> dict[str, Any]:
        """The line of the log that tells of this event."""
        while True:
            found = [line for line in list(self.log) if line["event"] == event]
            if len(found) >= times:
                return found[-1]
            if self.process.poll() is not None:
                raise RuntimeError(f"left with {self.process.returncode}: {self.stderr()}")
            self._reading.join(0.01)

    def stderr(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    @property
    def port(self) -> int:
        return int(self.wait_for("ready")["url"].rpartition(":")[2])

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        with connection.getresponse() as response:
            told = response.read()
        connection.close()
        return response.status, json.loads(told)

    def code(self) -> int:
        """The exit code, once it and all its workers have left by themselves."""
        code = self.process.wait(timeout=30)
        self._reading.join(timeout=30)
        return code

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        return self.code()


@pytest.fixture
def start(bundle) -> Iterator[Callable[..., Process]]:
    """Starts `edgecompress serve` on the bundle, and ends it after the test."""
    started: list[Process] = []

    def begin(*options: str) -> Process:
        started.append(Process(bundle, *options))
        return started[-1]

    yield begin
    for process in started:
        process.process.kill()
        process.stop()
        for pipe in (process.process.stdout, process.process.stderr):
            pipe.close()


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[http.client.HTTPConnection]:
    """A connection that is closed again."""
    connection = http.client.HTTPConnection(*address[:2], timeout=10)
    try:
        yield connection
    finally:
        connection.close()
