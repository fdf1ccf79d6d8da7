"""`edgecompress run RECIPE`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.completing import steps
from edgecompress.cli.judged import begin, close, show, write
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.core.launch import launched, launched_in_vain
from edgecompress.core.ranks import ALONE, Ranks, lead_first
from edgecompress.workflow.tracking import tracker_address

VAIN = (
    "a launcher has named MASTER_ADDR, but this process is alone: `accelerate launch --cpu` starts "
    "one without --mpirun_hostfile; `torchrun --nproc-per-node N` starts as many as you say"
)


@click.command()
@arguments.recipe
@click.option(
    "--until",
    metavar="STEP",
    shell_complete=steps,
    help="Stop after this step: teacher, distill, stages[1]...",
)
@arguments.report_to
@arguments.mlflow
@arguments.attackers
@common
def command(
    recipe: Path,
    until: str | None,
    report_folder: Path | None,
    mlflow: str | None,
    ray_address: str | None,
    options: Options,
) -> int:
    """Make what RECIPE asks for and the store does not have, then judge the result.

    Kill it at any moment and run it again: finished steps are found, training goes on from its last
    checkpoint. `--json=events` streams one JSON document a line as things happen.

    Several processes, on one machine or on several that share the store's folder, train together:

    \b
        torchrun --nproc-per-node 2 -m edgecompress run RECIPE
    """
    to = tracker_address(mlflow, offline=options.offline)
    ranks = _joined()
    with lead_first(ranks):  # who then says what is wrong, before the others can
        file, ws = begin(recipe, options, ranks, ray_address)
    if ranks.number:
        workflow("following").follow(file, ws)
        return 0
    if launched_in_vain():
        ws.progress.warn(VAIN)
    run, report = workflow("run").run_recipe(file, ws, until)
    if report is not None:
        show(report, options)
        code = write(run, report, report_folder)
        close(run, report_folder, to)
        return code
    rows = [
        [r.kind, r.key[:12], "cached" if r.cached else f"{r.seconds:.1f} s"] for r in run.records
    ]
    if options.json:
        output.document({"steps": [{"kind": r.kind, "key": r.key} for r in run.records]})
    elif not options.events:
        output.table(["step", "key", "made in"], rows)
    return 0


def _joined() -> Ranks:
    """Whoever was launched with this process, which alone waits for no torch to read a recipe."""
    ranks: Ranks = workflow("following").join() if launched()[1] > 1 else ALONE
    return ranks
