"""`edgecompress report RUN`."""

from pathlib import Path

import click

from edgecompress.cli import output
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import InputError
from edgecompress.workflow.places import store_folder
from edgecompress.workflow.reports import FORMS, kept_report, render_again


@click.command()
@click.argument("run")
@click.option(
    "--format",
    "forms",
    default=",".join(FORMS),
    show_default=True,
    metavar="LIST",
    help="Which forms to write, with commas between them.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where they go; else beside the report.json of RUN.",
)
@common
def command(run: str, forms: str, out: Path | None, options: Options) -> None:
    """Write the report of RUN again, without measuring anything.

    RUN is a folder that `run`, `gate` or --report has written, a bundle, or the name of a run in
    the store. The same report gives the same bytes.
    """
    asked = [form.strip() for form in forms.split(",")]
    if unknown := [form for form in asked if form not in FORMS]:
        raise InputError(f"--format {unknown[0]}: no such form; there are {', '.join(FORMS)}")
    written = render_again(kept_report(run, store_folder(options.store) / "runs"), out, asked)
    if options.json:
        output.document({"written": [str(path) for path in written]})
    else:
        for path in written:
            click.echo(str(path))
