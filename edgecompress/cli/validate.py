"""`edgecompress validate RECIPE`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.workflow.validate import validate_recipe
from edgecompress.workflow.workspace import cached_resources


@click.command()
@arguments.recipe
@common
def command(recipe: Path, options: Options) -> None:
    """Check RECIPE without computing anything: every mistake at once, each with its line.

    Also refused: stages that cannot follow each other, rows that train and judge, limits that the
    gate's rows can never certify (exit 5), packages that are missing (exit 4).
    """
    progress = options.progress()
    found = validate_recipe(recipe, cached_resources(progress, offline=options.offline))
    for doubt in found:
        if doubt.doubtful:
            progress.warn(f"probably undecided: {doubt}")
    if options.json:
        output.document({"recipe": str(recipe), "ok": True})
    else:
        click.echo(f"{recipe}: ok")
