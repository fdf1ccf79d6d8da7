"""`edgecompress gate RECIPE`."""

from pathlib import Path

import click

from edgecompress.cli import arguments
from edgecompress.cli.judged import begin, close, show, write
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.workflow.tracking import tracker_address


@click.command()
@arguments.recipe
@click.option(
    "--candidate",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with config.json, tokenizer.json and an ONNX classifier, whoever made it; "
    "or the .onnx file in it, where there are several.",
)
@arguments.report_to
@arguments.mlflow
@arguments.attackers
@common
def command(
    recipe: Path,
    candidate: Path | None,
    report_folder: Path | None,
    mlflow: str | None,
    ray_address: str | None,
    options: Options,
) -> int:
    """Judge again, without training: what RECIPE made, or the model in --candidate.

    Exit code: 0 the gate holds, 1 it does not, 5 the rows cannot decide it.
    """
    to = tracker_address(mlflow, offline=options.offline)
    file, ws = begin(recipe, options, ray_address=ray_address)
    run, report = workflow("gate").gate_recipe(file, ws, candidate)
    show(report, options)
    code = write(run, report, report_folder)
    close(run, report_folder, to)
    return code
