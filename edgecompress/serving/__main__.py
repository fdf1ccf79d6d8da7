"""One worker of several; `edgecompress serve` starts them, with a socket and an open stdin."""

import logging
import socket
import sys

from edgecompress.runtime.errors import EdgeCompressError
from edgecompress.serving.logs import OURS, start_log
from edgecompress.serving.server import work
from edgecompress.serving.settings import Settings


def main() -> int:
    """Serve until stdin ends or a signal comes; the exit code."""
    settings = Settings.from_json(sys.argv[1])
    start_log(quiet=settings.quiet)
    try:
        return work(settings, socket.socket(fileno=int(sys.argv[2])), sys.stdin.fileno())
    except EdgeCompressError as error:
        logging.getLogger(OURS).error(str(error))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
