"""`edgecompress init [FOLDER]`."""

from pathlib import Path

import click

from edgecompress.cli import output
from edgecompress.cli.options import Options, common
from edgecompress.workflow.init import PIPELINES, start_project


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--ci",
    default="github",
    show_default=True,
    type=click.Choice(list(PIPELINES)),
    help="Whose pipeline to write, which is read at the root of a repository.",
)
@common
def command(folder: Path, ci: str, options: Options) -> None:
    """Write a recipe, a little data and a pipeline into FOLDER, or here.

    \b
    edgecompress init reviews --ci gitlab
    edgecompress validate reviews/recipe.yaml
    edgecompress release reviews/recipe.yaml --out reviews/release

    The pipeline validates each push, judges each merge against the last release, and releases each
    tag. The rows are made up, so that all of this works at once and without a network; then put
    your own in their place. Nothing is overwritten: where one of the files is there already, none
    is written.
    """
    written = start_project(folder, ci)
    if options.json:
        output.document({"written": [str(path) for path in written]})
    else:
        click.echo("\n".join(map(str, written)))
    options.progress().say(f"next: edgecompress validate {folder / 'recipe.yaml'}")
