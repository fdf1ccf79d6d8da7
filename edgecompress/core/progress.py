"""How long work says what it is doing, without knowing who listens."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Tracker(Protocol):
    """One bar, or one heartbeat line, of a piece of work that is under way."""

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Say that `amount` more units are done; `note` replaces the text behind the bar."""


class Progress(Protocol):
    """Where progress goes: a terminal, a CI log, or nowhere. Never to stdout."""

    def say(self, line: str) -> None:
        """One line worth reading once."""

    def warn(self, line: str) -> None:
        """One line that the user should act on, or at least know."""

    def track(self, what: str, total: float, unit: str) -> AbstractContextManager[Tracker]:
        """Open a bar of `total` units; track("distill", 4000, "steps"), or unit "B" for bytes."""


class _Deaf:
    def advance(self, amount: float = 1, note: str = "") -> None:
        return None


class Silent:
    """A Progress for tests and for library use."""

    def say(self, line: str) -> None:
        """Drop the line."""

    def warn(self, line: str) -> None:
        """Drop the line."""

    @contextmanager
    def track(self, what: str, total: float, unit: str) -> Iterator[Tracker]:
        """Count for nobody."""
        yield _Deaf()
