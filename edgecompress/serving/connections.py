"""Connections that neither wait for ever nor are cut off in the middle.

uvicorn waits without end for the head of a request, and when it stops it closes idle connections
at once, with whatever request is on its way in them. Both are changed here and nothing else.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LAST_WORD_S = 1.0  # for a request that was sent before its sender could know that we stop

TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(H11Protocol):
    """One connection of a client."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """From now on a request is expected."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._stop_expecting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; until its head is whole, or it has been refused, time runs."""
        super().data_received(data)
        if self._busy:
            self._stop_expecting()
        elif self._patience is None:
            self._expect()

    def shutdown(self) -> None:
        """The server stops: answer what is here or on its way, then close."""
        if self._busy:
            super().shutdown()
        else:
            self.loop.call_later(LAST_WORD_S, self._shut)

    @property
    def _busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _shut(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def _expect(self) -> None:
        arrival_s = self.app.state.served.limits.arrival_s
        self._patience = self.loop.call_later(arrival_s, self._give_up)

    def _stop_expecting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        """A head that is not whole gets a status; silence, and a refused body, get none."""
        self._patience = None
        if self._busy:
            return  # with a request that came in one piece with the end of the one before
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self.transport.write(TOO_SLOW)
        self.transport.close()
