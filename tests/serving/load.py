"""How a server holds out at twice its capacity: `python -m tests.serving.load BUNDLE --minutes 30`.

First some clients ask without pause: that is the capacity. Then requests come at twice that rate
whether or not the earlier ones have been answered, as they do from many independent users, while
a probe asks every 50 ms whether the server is alive, and its memory is read. The texts are the
golden ones of the bundle, so they are as long as those of its data.
"""

import argparse
import asyncio
import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from edgecompress.runtime.golden import golden_text, read_golden
from edgecompress.runtime.text import Text
from edgecompress.runtime.timing import percentile

CAPACITY_S = 10.0
LANES = 16  # clients of a worker: with fewer it waits for them, and could do more
MOST_TEXTS = 16  # of a request: 1 to 16, each as likely
OPEN_AT_MOST = 2000  # requests that wait for an answer; beyond it nothing is asked
PROBE_EVERY_S = 0.05
LOST_AFTER_S = 30.0
KEPT_S = 30.0  # a client must let go of an idle connection before its server does
SETTLED = 0.1  # share of the time after which memory counts, and over which it is compared


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Seen:
    """What became of it all."""

    capacity_texts_per_s: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    answered_texts: int = 0
    not_sent: int = 0  # the generator itself did not keep up
    probes_ms: list[float] = field(default_factory=list)
    probes_failed: int = 0
    late_ms: list[float] = field(default_factory=list)  # of the probes' own alarm clock
    rss_bytes: list[int] = field(default_factory=list)

    @property
    def memory_growth(self) -> float:
        """From the time when it had settled to the end, as a share."""
        part = max(1, int(SETTLED * len(self.rss_bytes)))
        first, last = self.rss_bytes[part : 2 * part] or self.rss_bytes, self.rss_bytes[-part:]
        return median(last) / median(first) - 1

    def summary(self) -> dict[str, object]:
        """For a page of results."""
        return {
            "capacity_texts_per_s": round(self.capacity_texts_per_s, 1),
            "statuses": dict(self.statuses),
            "answered_texts": self.answered_texts,
            "not_sent": self.not_sent,
            "probes": len(self.probes_ms),
            "probes_failed": self.probes_failed,
            "probe_p50_ms": round(percentile(self.probes_ms, 0.50), 2),
            "probe_p99_ms": round(percentile(self.probes_ms, 0.99), 2),
            "probe_worst_ms": round(max(self.probes_ms), 2),
            "clock_late_p99_ms": round(percentile(self.late_ms, 0.99), 2),
            "rss_mb": round(self.rss_bytes[-1] / 1e6, 1),
            "memory_growth": round(self.memory_growth, 4),
        }


class Clients:
    """Keep-alive connections, as many as are needed at once."""

    def __init__(self, port: int, texts: Sequence[Text], seed: int) -> None:
        self._port, self._idle = port, list[tuple[float, Streams]]()
        self._random, self._texts = random.Random(seed), texts

    def request(self) -> tuple[int, bytes]:
        """Number of texts, and the bytes."""
        count = self._random.randint(1, MOST_TEXTS)
        chosen = self._random.choices(self._texts, k=count)
        key = "texts" if isinstance(chosen[0], str) else "pairs"
        body = json.dumps({key: chosen}).encode()
        head = (
            "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return count, head.encode() + body

    def gap_s(self, rate: float) -> float:
        """To the next request of users who do not know of each other."""
        return self._random.expovariate(rate)

    async def ask(self, request: bytes) -> str:
        """The status of the answer, or what went wrong instead."""
        try:
            async with asyncio.timeout(LOST_AFTER_S):
                return await self._ask(request)
        except (OSError, EOFError, TimeoutError) as error:
            return type(error).__name__

    async def _ask(self, request: bytes) -> str:
        reader, writer = await self._connection()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        if "connection: close" in head:
            writer.close()
        else:
            self._idle.append((time.monotonic(), (reader, writer)))
        return head.split(" ")[1]

    async def _connection(self) -> Streams:
        """The one that was used last, since it is the least likely to be closed."""
        while self._idle:
            since, (reader, writer) = self._idle.pop()
            if time.monotonic() - since < KEPT_S:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """All of them."""
        for _, (_, writer) in self._idle:
            writer.close()


async def capacity(clients: Clients, lanes: int, seconds: float) -> float:
    """Texts a second that get an answer when `lanes` clients ask without pause."""
    until, answered = time.monotonic() + seconds, 0

    async def one() -> None:
        nonlocal answered
        while time.monotonic() < until:
            count, request = clients.request()
            if await clients.ask(request) == "200":
                answered += count

    await asyncio.gather(*(one() for _ in range(lanes)))
    return answered / seconds


async def overload(clients: Clients, rate: float, seconds: float, seen: Seen) -> None:
    """`rate` requests a second for so long, whatever becomes of them."""
    until, due, running = time.monotonic() + seconds, time.monotonic(), set[asyncio.Task[None]]()

    async def one(count: int, request: bytes) -> None:
        status = await clients.ask(request)
        seen.statuses[status] += 1
        seen.answered_texts += count if status == "200" else 0

    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += clients.gap_s(rate)
        if len(running) >= OPEN_AT_MOST:
            seen.not_sent += 1
            continue
        task = asyncio.ensure_future(one(*clients.request()))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


@contextmanager
def watched(port: int, pid: int, seen: Seen):
    """Probes the server and reads its memory beside what happens in the block.

    How late the probes are woken is the machine's own doing; where it is much, nothing can be said
    about the server's.
    """
    over = threading.Event()

    def watch() -> None:
        due = time.perf_counter() + PROBE_EVERY_S
        while not over.wait(PROBE_EVERY_S):
            seen.late_ms.append(1000 * (time.perf_counter() - due))
            seen.rss_bytes.append(rss_bytes(pid))
            begun = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LOST_AFTER_S)
            try:
                connection.request("GET", "/healthz")
                seen.probes_failed += connection.getresponse().status != 200
            except OSError:
                seen.probes_failed += 1
            finally:
                connection.close()
            seen.probes_ms.append(1000 * (time.perf_counter() - begun))
            due = time.perf_counter() + PROBE_EVERY_S

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def rss_bytes(pid: int) -> int:
    """Resident memory of a process and of the workers that it has started."""
    total = 0
    for process in (str(pid), *workers_of(pid)):
        status = Path(f"/proc/{process}/status").read_text()
        total += 1024 * int(status.partition("VmRSS:")[2].split()[0])
    return total


def measure(bundle: Path, port: int, pid: int, minutes: float, seed: int = 7) -> Seen:
    """Load a running server; some seconds to find its capacity, then `minutes` at twice that."""
    texts = [golden_text(answer) for answer in read_golden(bundle)]
    seen, lanes = Seen(), LANES * max(1, len(workers_of(pid)))

    async def script() -> None:
        clients = Clients(port, texts, seed)
        found_s = min(CAPACITY_S, 6 * minutes)
        seen.capacity_texts_per_s = await capacity(clients, lanes, found_s)
        rate = 2 * seen.capacity_texts_per_s / ((1 + MOST_TEXTS) / 2)
        with watched(port, pid, seen):
            await overload(clients, rate, 60 * minutes, seen)
        clients.close()

    asyncio.run(script())
    return seen


def workers_of(pid: int) -> list[str]:
    """The processes that a process has started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def main() -> None:
    """Start a server, load it, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--workers", default="1")
    options = parser.parse_args()
    command = [sys.executable, "-m", "edgecompress", "serve", str(options.bundle), "--quiet"]
    with subprocess.Popen(
        [*command, "--port", "0", "--workers", options.workers], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        for _ in range(int(options.workers)):
            ready = json.loads(server.stdout.readline())
        port = int(ready["url"].rpartition(":")[2])
        seen = measure(options.bundle, port, server.pid, options.minutes)
        server.terminate()
    print(json.dumps(seen.summary(), indent=1))


if __name__ == "__main__":
    main()
