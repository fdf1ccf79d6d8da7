"""How a listening socket closes without resetting anybody.

Closing it resets every connection that the kernel has accepted and we have not, with whatever
request is in it. So new ones are turned away first, those that are being made may be completed, all
are taken, and only then it is closed. A client that comes in between tries again after a second,
as TCP does by itself, and is refused then.
"""

import ctypes
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

SO_ATTACH_FILTER = 26  # Linux's asm-generic/socket.h; Python has no name for it
HANDSHAKE_S = 0.1  # for a connection that is being made; longer round trips belong to a proxy

# Classic BPF on the header of TCP: drop what opens a connection (SYN without ACK), pass the rest.
# Each step: operation, jump if true, jump if false, number.
TURN_AWAY = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # then nothing of the packet passes
    (0x06, 0, 0, 0xFFFFFFFF),  # else all of it
)


def turn_away(listening: socket.socket) -> None:
    """From now on nobody new gets a connection, neither here nor in workers that share it."""
    program = b"".join(struct.pack("HBBI", *step) for step in TURN_AWAY)
    steps = ctypes.create_string_buffer(program)
    given = struct.pack("HP", len(TURN_AWAY), ctypes.addressof(steps))
    with suppress(OSError):  # a sandbox may forbid it; a few clients may then be reset
        listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, given)


def accept_all(listening: socket.socket) -> Iterator[socket.socket]:
    """Connections that wait to be taken, until there is none left; the socket must not block."""
    while True:
        try:
            yield listening.accept()[0]
        except ConnectionAbortedError:
            continue  # its client has gone
        except OSError:
            return
