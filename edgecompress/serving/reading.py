"""Bodies of requests: read within their limits of bytes and of time, then as strict JSON."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import Request

from edgecompress.serving.problems import Problem
from edgecompress.serving.served import Served

ENCODINGS = ("", "identity")


async def read_json(request: Request, served: Served) -> Any:
    """The value of a JSON body.

    Raises:
        Problem: 400 not JSON, 408 too slow, 413 too large, 415 not called JSON, 503 the bodies
            that are being read hold too much memory together.
    """
    _require_json(request)
    body = await _body(request, served)
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deeply") from None
    except ValueError:  # it may quote the body, which belongs into no log
        raise Problem(400, "the body is not JSON", "send an object, as in /openapi.json") from None


def _require_json(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(
            415, "the body must be JSON in UTF-8", "send the header Content-Type: application/json"
        )
    if request.headers.get("content-encoding", "").lower() not in ENCODINGS:
        raise Problem(415, "the body must not be compressed", "send it without Content-Encoding")


async def _body(request: Request, served: Served) -> bytes:
    limits = served.limits
    _require_room(int(request.headers.get("content-length", 0)), limits.body_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.arrival_s):
            async for chunk in request.stream():
                body += chunk
                served.held_bytes += len(chunk)
                _require_room(len(body), limits.body_bytes)
                if served.held_bytes > limits.held_bytes:
                    raise Problem(
                        503, "too many large requests at once", headers={"Retry-After": "1"}
                    )
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {limits.arrival_s:g} s") from None
    finally:
        served.held_bytes -= len(body)
    return bytes(body)


def _require_room(size_bytes: int, most_bytes: int) -> None:
    if size_bytes > most_bytes:
        raise Problem(
            413,
            f"the body is larger than {most_bytes} bytes",
            "send fewer or shorter texts at once",
        )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON
