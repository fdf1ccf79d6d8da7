"""The options that every verb takes, before or after its name."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from edgecompress.cli.console import console
from edgecompress.core.progress import Progress

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What the user asked of all verbs."""

    json: bool = False
    events: bool = False
    quiet: bool = False
    verbose: bool = False
    store: Path | None = None
    offline: bool = False
    wait_s: float = 3600.0
    color: bool = True

    def progress(self) -> Progress:
        """Where progress goes, by these options and by what stderr is."""
        return console(quiet=self.quiet, color=self.color)


_OPTIONS = (
    click.option("--json", "json", is_flag=True, help="One JSON document on stdout."),
    click.option("--events", is_flag=True, hidden=True),
    click.option("-q", "--quiet", is_flag=True, help="Only warnings and errors on stderr."),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Every event of a run on stderr, every measurement in tables.",
    ),
    click.option(
        "--store",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where finished work is kept; else $EDGECOMPRESS_STORE, else the user's cache folder.",
    ),
    click.option("--offline", is_flag=True, help="Never touch the network."),
    click.option(
        "--wait",
        "wait_s",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="How long to wait for another run that holds the same step; an hour if not said.",
    ),
    click.option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same."),
)


def common(function: Function) -> Function:
    """Add the common options and pass them as `options`, merged with those before the verb."""

    @functools.wraps(function)
    @click.pass_context
    def wrapped(ctx: click.Context, /, **arguments: Any) -> Any:
        root = ctx.find_root()
        before = root.obj if isinstance(root.obj, Options) else Options()
        root.obj = _merged(before, arguments)
        return function(options=root.obj, **arguments)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # click's decorators return what they were given


def _merged(before: Options, arguments: dict[str, Any]) -> Options:
    given = {
        name: arguments.pop(name)
        for name in ("json", "events", "quiet", "verbose", "store", "offline")
    }
    given["color"] = not arguments.pop("no_color")
    now = replace(Options(), **given)
    wait_s = arguments.pop("wait_s")
    return Options(
        json=before.json or now.json,
        events=before.events or now.events,
        quiet=before.quiet or now.quiet,
        verbose=before.verbose or now.verbose,
        store=now.store or before.store,
        offline=before.offline or now.offline,
        wait_s=before.wait_s if wait_s is None else wait_s,
        color=before.color and now.color,
    )
