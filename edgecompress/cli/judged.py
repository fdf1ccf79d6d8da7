"""What `run`, `gate` and `release` do alike: print a report, choose the exit code."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgecompress.cli import output
from edgecompress.cli.exits import EXIT_OF
from edgecompress.cli.options import Options
from edgecompress.core.cluster import reached
from edgecompress.core.errors import InputError
from edgecompress.core.launch import launched
from edgecompress.core.progress import Silent
from edgecompress.core.ranks import ALONE, Ranks
from edgecompress.core.report import RunReport
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.report.annotations import annotations
from edgecompress.report.json import document
from edgecompress.report.table import text_table
from edgecompress.runtime.errors import ExitCode
from edgecompress.store.faults import FULL, storage_faults
from edgecompress.workflow.records import write_record
from edgecompress.workflow.reports import write_reports
from edgecompress.workflow.tracking import track
from edgecompress.workflow.workspace import Workspace, unheard

if TYPE_CHECKING:
    from edgecompress.workflow.run import Run  # with torch, which reading a recipe can do without


def begin(
    recipe: Path, options: Options, ranks: Ranks = ALONE, ray_address: str | None = None
) -> tuple[RecipeFile, Workspace]:
    """Read the recipe and open the workspace; events go to stdout if they were asked for.

    Raises:
        InputError: several processes were launched, and the verb has not joined them.
        MissingExtra, EnvironmentFault: there is no such cluster; better told now than in hours.
    """
    if ranks.count != launched()[1]:
        raise InputError(
            f"{launched()[1]} processes were launched, and only `run` shares its work among them; "
            "start this verb once, after the run: it finds everything in the store"
        )
    listen = output.event if options.events else _aloud if options.verbose else unheard
    ws = Workspace.open(
        options.store,
        Silent() if ranks.number else options.progress(),
        offline=options.offline,
        wait_s=options.wait_s,
        listen=listen,
    )
    file = read_recipe(recipe)
    if ray_address and not ranks.number:
        reached(ray_address)
    return file, replace(ws, ranks=ranks, ray_address=ray_address)


def _aloud(event: dict[str, Any]) -> None:
    click.echo(json.dumps(event), err=True)


def write(run: "Run", report: RunReport, folder: Path | None) -> ExitCode:
    """The report in files, beside the run's journal unless told otherwise; its verdict's code.

    On GitHub's runners each limit that does not hold is also told as an annotation. That goes to
    stderr, which the runner reads as well: stdout is for results alone.
    """
    with _room(run, folder) as place:
        written = write_reports(report, place)
    run.ws.progress.say(f"report: {written / 'report.html'}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations(report, os.path.relpath(run.file.document.path)):
            click.echo(line, err=True)
    return EXIT_OF[report.gate.outcome]


def close(run: "Run", folder: Path | None, to: str | None) -> None:
    """What follows once everything is decided: events beside the report, and a tracker's copy."""
    with _room(run, folder) as place:
        write_record(run.file.recipe, run.journal, place)
    if to:
        track(place, to, run.ws.progress)


@contextmanager
def _room(run: "Run", asked: Path | None) -> Iterator[Path]:
    """The folder of a run's report, while something is written there."""
    folder = asked or run.journal.path.with_suffix("")
    with storage_faults(folder, FULL, elsewhere="--report or --store"):
        yield folder


def show(report: RunReport, options: Options) -> None:
    """The report on stdout."""
    if options.events:
        output.event({"event": "report", "report": document(report)})
    elif options.json:
        output.document(document(report))
    else:
        click.echo(text_table(report, reported=options.verbose))
