"""One worker: a loaded model behind a listening socket, until it is asked to stop."""

import asyncio
import logging
import resource
import signal
import socket
from types import FrameType

import uvicorn

from edgecompress.runtime.errors import EnvironmentFault, ExitCode
from edgecompress.serving.app import build
from edgecompress.serving.closing import HANDSHAKE_S, accept_all, turn_away
from edgecompress.serving.connections import LAST_WORD_S, Connection
from edgecompress.serving.logs import OURS
from edgecompress.serving.served import Served, load
from edgecompress.serving.settings import Settings

LOG = logging.getLogger(OURS)
STOPS = (signal.SIGTERM, signal.SIGINT)
EXIT_OF = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGINT: ExitCode.INTERRUPTED}
TICK_S = 0.1
WAITING_CONNECTIONS = 2048  # accepted by the kernel, not yet by us
IDLE_S = 75  # of a connection; longer than the minute that proxies keep theirs


def bind(settings: Settings) -> socket.socket:
    """The socket of all workers; nobody listens on it yet.

    Raises:
        EnvironmentFault: the address is taken, or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        raise EnvironmentFault(
            f"{settings.host}:{settings.port}: {error.strerror}; choose another --host or --port"
        ) from error
    return made


def work(settings: Settings, listening: socket.socket, parent: int | None = None) -> ExitCode:
    """Load the model, serve until a signal, answer what was accepted; the exit code.

    Args:
        settings: which bundle, and how.
        listening: bound; other workers may share it.
        parent: a file descriptor that ends when the process that started this one does.

    Raises:
        InputError, IntegrityError, EnvironmentFault: the bundle cannot be served.
    """
    served = load(settings)
    _allow_many_connections()
    server = Server(settings, served, parent)
    before = {stop: signal.signal(stop, server.handle_exit) for stop in STOPS}
    try:
        server.run(sockets=[listening])
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)
    if not server.force_exit:
        served.lane.close()
    LOG.info("stopped", extra={"fields": {"answered_all": not server.force_exit}})
    return EXIT_OF[server.stopped_by]


class Server(uvicorn.Server):
    """uvicorn, but what was accepted is answered: see `shutdown`."""

    def __init__(self, settings: Settings, served: Served, parent: int | None) -> None:
        limits = settings.limits
        config = uvicorn.Config(
            build(served),
            loop="asyncio",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=WAITING_CONNECTIONS,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=int(limits.answer_s + LAST_WORD_S + 1),
        )
        super().__init__(config)
        self.stopped_by: signal.Signals = signal.SIGTERM
        self._served, self._parent, self._drain_s = served, parent, settings.drain_s
        self._seen: set[int] = set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal of a kind asks to stop, a second one of it to stop at once."""
        self.force_exit |= sig in self._seen
        self._seen.add(sig)
        if not self.should_exit:
            self.stopped_by = signal.Signals(sig)
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if self._parent is not None:
            asyncio.get_running_loop().add_reader(self._parent, self._orphaned)
        assert sockets  # `work` gives one
        host, port = sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        told = {
            "url": f"http://{shown}:{port}",
            "model": self._served.name,
            "digest": self._served.model.digest,
        }
        LOG.info("ready", extra={"fields": told})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that we stop; take the last connections; answer what is in them; close.

        While `drain_s` lasts everything is accepted, and each answer asks its client to go
        elsewhere, so that a load balancer has the time to notice.
        """
        self._served.draining = True
        LOG.info("stopping", extra={"fields": {"waiting_texts": self._served.lane.waiting}})
        until = asyncio.get_running_loop().time() + self._drain_s
        while asyncio.get_running_loop().time() < until and not self.force_exit:
            await asyncio.sleep(TICK_S)
        assert sockets
        await self._close(sockets[0])
        await super().shutdown(sockets)

    async def _close(self, listening: socket.socket) -> None:
        """Take what the kernel has accepted for us, and nothing after it."""
        if self._parent is None:  # else others may go on; the parent knows when all of them stop
            turn_away(listening)
        await asyncio.sleep(HANDSHAKE_S)
        accepted = list(accept_all(listening))
        for server in self.servers:
            server.close()
        for connection in accepted:
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(self._connection, connection)

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)

    def _orphaned(self) -> None:
        """Whoever started us has gone, and nobody else would ever stop us."""
        asyncio.get_running_loop().remove_reader(self._parent or 0)
        self.handle_exit(signal.SIGTERM, None)


def _allow_many_connections() -> None:
    """As many open files as the system lets us have; the usual 1024 are few connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
