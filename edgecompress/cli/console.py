"""Progress on stderr: bars for people, a line now and then for logs.

A terminal gets live bars (from `bars`, which needs rich). Anything else gets one line when a piece
of work starts and ends and a heartbeat every 30 seconds, without control characters.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

import click

from edgecompress.core.progress import Progress, Tracker

HEARTBEAT_S = 30.0
WORTH_A_LINE_S = 2.0  # shorter work leaves no line in a log


def console(*, quiet: bool, color: bool) -> Progress:
    """The right listener for this process."""
    live = sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    if live and not quiet and find_spec("rich"):
        colored = color and "NO_COLOR" not in os.environ
        bars: Progress = import_module("edgecompress.cli.bars").Bars(color=colored)
        return bars
    return Lines(quiet=quiet)


class Lines:
    """Progress as plain lines."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def say(self, line: str) -> None:
        """Print it, unless the user wants quiet."""
        if not self.quiet:
            click.echo(line, err=True)

    def warn(self, line: str) -> None:
        """Print it in any case."""
        click.echo(f"warning: {line}", err=True)

    @contextmanager
    def track(self, what: str, total: float, unit: str) -> Iterator[Tracker]:
        """A heartbeat while it lasts, and a line at its end if it lasted."""
        beat = _Heartbeat(self, what, total, unit)
        yield beat
        beat.end()


class _Heartbeat:
    def __init__(self, lines: Lines, what: str, total: float, unit: str) -> None:
        self.lines, self.what, self.total, self.unit = lines, what, total, unit
        self.done, self.told, self.note = 0.0, 0.0, ""
        self.started = self.spoken = time.monotonic()

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Count, and speak up when it has been quiet for long; the end speaks for itself."""
        self.done += amount
        self.note = note or self.note
        now = time.monotonic()
        if now - self.spoken >= HEARTBEAT_S and self.done < self.total:
            self.lines.say(f"  {self._state()}{self._eta(now)}")
            self.spoken, self.told = now, self.done

    def end(self) -> None:
        """Say how long it took, if it took long."""
        took = time.monotonic() - self.started
        if took >= WORTH_A_LINE_S:
            self.lines.say(f"  {self._state()}, {took:.1f} s")

    def _state(self) -> str:
        note = f", {self.note}" if self.note else ""
        if self.unit == "B":
            return f"{self.what} {self.done / 1e6:.1f}/{self.total / 1e6:.1f} MB{note}"
        return f"{self.what} {self.done:,.0f}/{self.total:,.0f} {self.unit}{note}"

    def _eta(self, now: float) -> str:
        """By the rate since the last line: resumed work starts with what was done before."""
        if self.done <= self.told:
            return ""
        left = (now - self.spoken) * (self.total - self.done) / (self.done - self.told)
        return f", about {left:,.0f} s left"
