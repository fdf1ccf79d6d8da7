"""`edgecompress cache ls|prune|verify`."""

import time

import click

from edgecompress.cli import output
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import ExitCode
from edgecompress.store.store import Store
from edgecompress.workflow.places import store_folder


def _store(options: Options) -> Store:
    return Store(store_folder(options.store), options.progress())


@click.group()
def command() -> None:
    """Look after the store, where finished steps are kept by their key."""


@command.command()
@common
def ls(options: Options) -> None:
    """List what is kept."""
    entries = _store(options).entries()
    if options.json:
        output.document(
            [{**vars(e), "path": str(e.path)} for e in entries],
        )
        return
    now = time.time()
    rows = [
        [e.key[:12], e.kind, output.human_bytes(e.size_bytes), f"{(now - e.used_at) / 86400:.1f}"]
        for e in entries
    ]
    output.table(["key", "kind", "size", "days since use"], rows)
    total = output.human_bytes(sum(e.size_bytes for e in entries))
    click.echo(f"{len(entries)} objects, {total}")


@command.command()
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Only what was not used for so many days.",
)
@click.option("--all", "everything", is_flag=True, help="Everything.")
@common
def prune(days: float | None, everything: bool, options: Options) -> None:
    """Delete finished steps, leftovers and damaged objects; a later run makes them again.

    Reports and events of runs stay; `compare` no longer finds what such a run has made.
    """
    if everything == (days is not None):
        raise click.UsageError("give --older-than DAYS or --all")
    pruned = _store(options).prune(older_than_days=days, keep=())
    if options.json:
        output.document(vars(pruned))
    else:
        click.echo(f"{pruned.folders} removed, {output.human_bytes(pruned.size_bytes)} freed")


@command.command()
@common
def verify(options: Options) -> int:
    """Hash every object again; damaged ones are rebuilt by the next run that needs them."""
    damages = _store(options).verify()
    if options.json:
        output.document({"ok": not damages, "damaged": [str(d.path) for d in damages]})
    else:
        click.echo("\n".join(d.reason for d in damages) or "ok")
    return ExitCode.INTEGRITY if damages else ExitCode.OK
