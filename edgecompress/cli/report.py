"""`edgecompress report [RUN]`."""

from collections.abc import Sequence
from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import InputError
from edgecompress.workflow.index import has_runs, index_of, write_index
from edgecompress.workflow.places import store_folder
from edgecompress.workflow.reports import FORMS, holds_report, kept_report, render_again
from edgecompress.workflow.tracking import track, tracker_address


@click.command()
@click.argument("run", required=False)
@click.option(
    "--format",
    "forms",
    default=",".join(FORMS),
    show_default=True,
    metavar="LIST",
    help="Which forms to write, with commas between them; of many runs there are html and json.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where they go; else beside the report.json of RUN, or into the folder of runs.",
)
@arguments.mlflow
@common
def command(
    run: str | None, forms: str, out: Path | None, mlflow: str | None, options: Options
) -> None:
    """Write the report of RUN again, without measuring anything; or an index of many runs.

    RUN is a folder that `run`, `gate` or --report has written, a bundle, or the name of a run in
    the store. The same report gives the same bytes.

    Where RUN is a folder with such folders in it, index.html tells of all of them, a line for each;
    without RUN, of the runs in the store.

    \b
    edgecompress report release --format html,md --out again
    edgecompress report reports
    edgecompress report
    edgecompress report release --mlflow
    """
    asked = [form.strip() for form in forms.split(",")]
    if unknown := [form for form in asked if form not in FORMS]:
        raise InputError(f"--format {unknown[0]}: no such form; there are {', '.join(FORMS)}")
    runs = store_folder(options.store) / "runs"
    many = runs if run is None else Path(run)
    if run is None or (not holds_report(run, runs) and has_runs(many)):
        _index(many, out, asked, mlflow, options)
    else:
        _again(kept_report(run, runs), out, asked, mlflow, options)


def _index(
    folder: Path, out: Path | None, forms: Sequence[str], mlflow: str | None, options: Options
) -> None:
    if mlflow is not None:
        raise InputError(f"--mlflow: sends one run, and {folder} holds many; name one of them")
    place = out or folder
    _told(write_index(index_of(folder, place), place, forms), options)


def _again(
    kept: Path, out: Path | None, forms: Sequence[str], mlflow: str | None, options: Options
) -> None:
    to = tracker_address(mlflow, offline=options.offline)
    if out or not to:
        _told(render_again(kept, out, forms), options)
    if to:
        track(kept.parent, to, options.progress())


def _told(written: Sequence[Path], options: Options) -> None:
    if options.json:
        output.document({"written": [str(path) for path in written]})
    else:
        for path in written:
            click.echo(str(path))
