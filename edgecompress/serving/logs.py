"""The log: one JSON object a line on stdout, with no text that anybody sent."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

OURS = "edgecompress.serving"
OTHERS = ("uvicorn.error", "asyncio")  # the first is uvicorn's name for all but its access log


class JsonLines(logging.Formatter):
    """One record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """time, level, event and the record's own fields.

        Of an exception its kind and where it was raised; its message may hold what a client sent.
        """
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage().strip(),
            "pid": record.process,
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            told["error"] = type(error).__name__
            told["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(told)


class Stdout(logging.StreamHandler[Any]):
    """Lines to stdout; when its reader has gone, the server serves on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Nothing: there is nowhere left to say it."""


def start_log(*, quiet: bool) -> None:
    """Write the log of this process; `quiet` leaves out the lines of requests."""
    handler = Stdout(sys.stdout)
    handler.setFormatter(JsonLines())
    for name in (OURS, *OTHERS):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == OURS else logging.ERROR)
    logging.getLogger(f"{OURS}.requests").setLevel(logging.WARNING if quiet else logging.INFO)
