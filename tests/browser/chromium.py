"""A headless Chromium, spoken to through its debugging pipe: two file descriptors, no port.

Messages are JSON documents, each ended by a NUL (DevTools protocol, `--remote-debugging-pipe`).
"""

import base64
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAIT_S = 60.0
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # as root, in a container, there is none; the page is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)
# The browser expects the pipes as 3 and 4, whatever their numbers are here.
_LAUNCH = """\
import os, sys
for fd, given in enumerate(sys.argv[1:3], start=3):
    os.dup2(int(given), fd)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Chromium:
    """One browser process."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process, self._to, self._from = process, to, back
        self._buffer, self._last = b"", 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events that come before it are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        message |= {"sessionId": session} if session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") != self._last:
                self.events.append(told)
            elif "error" in told:
                raise RuntimeError(f"{method}: {told['error']}")
            else:
                answer: dict[str, Any] = told["result"]
                return answer

    def wait_for(self, method: str, session: str) -> None:
        """Until this event has come."""
        wanted = (method, session)
        while not any((e.get("method"), e.get("sessionId")) == wanted for e in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + WAIT_S
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"the browser has said nothing for {WAIT_S:g} s")
            if not (more := os.read(self._from, 1 << 20)):
                raise RuntimeError(f"the browser has gone, exit code {self._process.poll()}")
            self._buffer += more
        message, self._buffer = self._buffer.split(b"\0", 1)
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def chromium(binary: str, profile: Path) -> Iterator[Chromium]:
    """A browser that lives as long as the block."""
    pipes = [os.pipe(), os.pipe()]
    # Away from 3 and 4, which the launcher overwrites one after the other.
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (pipes[0][0], pipes[1][1])]
    command = [sys.executable, "-c", _LAUNCH, *map(str, theirs), binary]
    command += [*FLAGS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        command, pass_fds=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for fd in (*theirs, pipes[0][0], pipes[1][1]):
        os.close(fd)
    to, back = pipes[0][1], pipes[1][0]
    try:
        yield Chromium(process, to, back)
    finally:
        os.close(to)  # the browser leaves when its pipe closes
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(back)


@dataclass(frozen=True)
class Look:
    """How a reader has set up their screen."""

    scheme: str = "light"
    width: int = 1200
    medium: str = "screen"


@dataclass
class Tab:
    """One page."""

    browser: Chromium
    session: str
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is waited for."""
        told = self.browser.ask(
            "Runtime.evaluate",
            self.session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"])[:2000])
        return told["result"].get("value")

    def note_events(self) -> None:
        """Look at what has happened since the browser's events were cleared."""
        for event in self.browser.events:
            if event.get("sessionId") == self.session:
                _note(self, event["method"], event["params"])
        self.browser.events.clear()

    def picture(self, file: Path) -> None:
        """The whole page as a PNG."""
        told = self.browser.ask(
            "Page.captureScreenshot", self.session, format="png", captureBeyondViewport=True
        )
        file.write_bytes(base64.b64decode(told["data"]))


def open_page(browser: Chromium, address: str, look: Look) -> Tab:
    """Open `address` in a fresh tab; note what it asks for and complains about while loading."""
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log"):
        browser.ask(f"{domain}.enable", session)
    scheme = {"name": "prefers-color-scheme", "value": look.scheme}
    browser.ask("Emulation.setEmulatedMedia", session, media=look.medium, features=[scheme])
    browser.ask(
        "Emulation.setDeviceMetricsOverride",
        session,
        width=look.width,
        height=900,
        deviceScaleFactor=1,
        mobile=False,
    )
    browser.events.clear()
    browser.ask("Page.navigate", session, url=address)
    browser.wait_for("Page.loadEventFired", session)
    tab = Tab(browser, session)
    tab.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    tab.note_events()
    return tab


def _note(tab: Tab, method: str, told: dict[str, Any]) -> None:
    match method:
        case "Network.requestWillBeSent":
            tab.requests.append(told["request"]["url"])
        case "Runtime.consoleAPICalled":
            tab.messages.append(str(told["args"]))
        case "Runtime.exceptionThrown":
            tab.messages.append(str(told["exceptionDetails"]))
        case "Log.entryAdded":
            tab.messages.append(told["entry"]["text"])
