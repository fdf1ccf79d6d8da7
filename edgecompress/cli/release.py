"""`edgecompress release RECIPE --out DIR`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.judged import begin, close, show, write
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.workflow.tracking import tracker_address


@click.command()
@arguments.recipe
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the bundle goes; a bundle that is there is replaced.",
)
@click.option(
    "--sequence",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of this release, larger than those before it; a device can refuse older ones. "
    "If not said, one more than that of the bundle at DIR.",
)
@click.option(
    "--sign-key",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Sign the bundle with this private key (PEM, of an elliptic curve; a password for it "
    "comes from $EDGECOMPRESS_KEY_PASSWORD). Needs the extra `sign`, and no network.",
)
@arguments.report_to
@arguments.mlflow
@arguments.attackers
@common
def command(
    recipe: Path,
    out: Path,
    sequence: int | None,
    sign_key: Path | None,
    report_folder: Path | None,
    mlflow: str | None,
    ray_address: str | None,
    options: Options,
) -> int:
    """Run RECIPE, judge the result, and write a bundle to DIR if the gate holds.

    The last line on stdout is the bundle's path. No bundle is written, and one that lies at DIR is
    left alone, unless every limit holds.
    """
    to = tracker_address(mlflow, offline=options.offline)
    file, ws = begin(recipe, options, ray_address=ray_address)
    verb = workflow("release")
    verb.require_free(out)
    how = verb.terms(sequence, sign_key)
    run, report = workflow("run").run_recipe(file, ws)
    assert report is not None  # a whole run always reaches the gate
    code = write(run, report, report_folder)
    if code or not options.json:  # with --json, the one document is about the bundle
        show(report, options)
    if not code:
        bundle = verb.release_run(run, report, out, how)
        if options.json:
            output.document({"bundle": str(bundle), "model": report.candidate.digest})
        elif not options.events:
            click.echo(str(bundle))
    close(run, report_folder, to)
    return code
