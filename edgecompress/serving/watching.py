"""What happens around every request: its number, its time, its line in the log, its headers."""

import logging
import re
import time
import uuid
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgecompress.serving.served import Served

LOG = logging.getLogger("edgecompress.serving.requests")
REQUEST_ID = "x-request-id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_A_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Watched:
    """An application whose requests are counted and told, by route and never by content.

    A log of addresses as they came would hold whatever a client writes into them; so what is no
    route of ours is called "other".
    """

    def __init__(self, app: ASGIApp, served: Served, routes: Collection[str]) -> None:
        self._app, self._served, self._routes = app, served, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        number = _number(Headers(scope=scope).get(REQUEST_ID, ""))
        status = 500  # unless something else is sent

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), number)
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            self._tell(scope, number, status, time.monotonic() - begun)

    def _add_headers(self, headers: MutableHeaders, number: str) -> None:
        headers[REQUEST_ID] = number
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("cache-control", "no-store")
        if self._served.draining:
            headers["connection"] = "close"  # go elsewhere with the next one

    def _tell(self, scope: Scope, number: str, status: int, taken_s: float) -> None:
        route = scope["path"] if scope["path"] in self._routes else "other"
        self._served.metrics.seconds.labels(route, status).observe(taken_s)
        state = scope.get("state", {})
        fields = {
            "id": number,
            "method": scope["method"] if scope["method"] in METHODS else "other",
            "route": route,
            "status": status,
            "texts": state.get("texts", 0),
            "waited_ms": round(1000 * state.get("waited_s", 0), 2),
            "ms": round(1000 * taken_s, 2),
        }
        LOG.info("request", extra={"fields": fields})


def _number(given: str) -> str:
    """The client's own, where it is harmless, else a new one."""
    return given if _A_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
