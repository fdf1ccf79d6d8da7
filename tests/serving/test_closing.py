"""A socket that closes takes those who are in, and lets nobody else in."""

import socket
from contextlib import ExitStack

import pytest

from edgecompress.serving.closing import accept_all, turn_away


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def test_all_that_wait_are_taken(listening):
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        taken = [stack.enter_context(connection) for connection in accept_all(listening)]
        assert len(taken) == 3
        assert list(accept_all(listening)) == []


def test_who_comes_too_late_is_not_let_in_and_who_is_in_stays(listening):
    address = listening.getsockname()
    with socket.create_connection(address) as early:
        turn_away(listening)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, timeout=0.2)
        early.sendall(b"still here")
        (taken,) = accept_all(listening)
        with taken:
            assert taken.recv(100) == b"still here"
