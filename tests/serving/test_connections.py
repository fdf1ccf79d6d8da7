"""Clients that are slow, silent, huge or strange, on real connections."""

import json
import socket
import time

import pytest

from edgecompress.serving.connections import LAST_WORD_S
from tests.serving.conftest import connected

SOON_S = 0.3
HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ASK = json.dumps({"text": "good film"}).encode()
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(ASK), ASK)


@pytest.fixture
def plug(listening):
    """Opens bare connections to a server of little patience."""
    address = listening(arrival_s=SOON_S).address
    opened = []

    def open_one():
        opened.append(socket.create_connection(address, timeout=10))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def rest(plugged):
    """Everything until the server closes."""
    parts = []
    try:
        while part := plugged.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass  # the server had not read all we sent
    return b"".join(parts)


def drip(plugged, content):
    """Byte by byte, as long as somebody listens."""
    for byte in content:
        plugged.sendall(bytes([byte]))
        time.sleep(0.02)


def status(told):
    return int(told.split(b" ")[1])


def test_a_head_that_never_ends_is_told_so(plug):
    slow = plug()
    slow.sendall(HEAD)
    assert status(rest(slow)) == 408


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(plug):
    slow, begun = plug(), time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011  # reset or broken pipe, as the moment has it
        drip(slow, HEAD * 100)
    assert time.monotonic() - begun < 5


def test_a_connection_that_says_nothing_is_closed_without_a_word(plug):
    assert rest(plug()) == b""


def test_a_body_that_never_ends_gets_its_status(plug):
    slow = plug()
    slow.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
    assert status(rest(slow)) == 408  # and is not waited for afterwards


def test_a_slow_client_does_not_keep_others_waiting(listening):
    address = listening(arrival_s=60).address
    with (
        socket.create_connection(address, timeout=30) as slow,
        socket.create_connection(address, timeout=30) as quick,
    ):
        slow.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        quick.sendall(WHOLE)
        assert status(quick.recv(65536)) == 200  # while the slow one is still waited for


def test_a_huge_body_is_refused_before_it_has_come(plug):
    huge = plug()
    huge.sendall(HEAD + b"Content-Length: 100000000\r\n\r\n" + b"a" * 100_000)
    assert status(huge.recv(65536)) == 413


def test_who_goes_on_sending_a_refused_body_is_cut_off(plug):
    huge = plug()
    huge.sendall(HEAD + b"Content-Length: 100000000000\r\n\r\n")
    assert status(huge.recv(65536)) == 413
    begun = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011  # reset or broken pipe, as the moment has it
        drip(huge, b"a" * 1000)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"GET / HTTP/x.y\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
    ],
)
def test_what_is_no_http_is_refused(plug, head):
    strange = plug()
    strange.sendall(head)
    told = rest(strange)
    assert told[:9] == b"HTTP/1.1 "
    assert status(told) in (400, 408, 501)


def test_a_client_that_leaves_in_the_middle_harms_nobody(plug):
    leaving = plug()
    leaving.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
    leaving.close()
    staying = plug()
    staying.sendall(WHOLE)
    assert status(staying.recv(65536)) == 200


def test_many_idle_connections_keep_nobody_out(plug):
    for _ in range(300):
        plug()
    last = plug()
    last.sendall(WHOLE)
    assert status(last.recv(65536)) == 200


def test_requests_that_come_in_one_piece_are_all_answered(plug):
    both = plug()
    both.sendall(WHOLE + WHOLE)
    told = b""
    while told.count(b'"model":') < 2:
        told += both.recv(65536)
    assert told.count(b"HTTP/1.1 200") == 2


def test_an_idle_connection_may_ask_once_more_after_the_server_was_stopped(listening):
    running = listening()
    with connected(running.address) as connection:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        running.server.should_exit = True
        time.sleep(LAST_WORD_S / 2)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/predict", ASK, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert b"positive" in answer.read()
