"""Live progress bars for a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from edgecompress.core.progress import Tracker


class Bars:
    """Progress as rich bars on stderr; a finished bar stays as one line."""

    def __init__(self, *, color: bool) -> None:
        self.console = Console(stderr=True, no_color=not color, highlight=False)

    def say(self, line: str) -> None:
        """One line above the bars."""
        self.console.print(line, markup=False)

    def warn(self, line: str) -> None:
        """One line that stands out."""
        self.console.print(f"warning: {line}", style="yellow", markup=False)

    @contextmanager
    def track(self, what: str, total: float, unit: str) -> Iterator[Tracker]:
        """A bar with count, rate or note, elapsed and remaining time."""
        counts = (
            (DownloadColumn(), TransferSpeedColumn())
            if unit == "B"
            else (MofNCompleteColumn(), TextColumn(unit))
        )
        bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            *counts,
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            refresh_per_second=5,
        )
        with bar:
            yield _Bar(bar, bar.add_task(what, total=total, note=""))


class _Bar:
    def __init__(self, bar: Progress, task: TaskID) -> None:
        self.bar, self.task = bar, task

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Move the bar; an empty note keeps the last one."""
        fields = {"note": note} if note else {}
        self.bar.update(self.task, advance=amount, **fields)  # type: ignore[arg-type]
