"""`edgecompress plan RECIPE`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.recipe.reading import read_recipe
from edgecompress.workflow.certify import Certificate
from edgecompress.workflow.plan import Plan, plan_recipe
from edgecompress.workflow.workspace import Workspace


@click.command()
@arguments.recipe
@click.option("--where", is_flag=True, help="Also the file that implements each step.")
@common
def command(recipe: Path, where: bool, options: Options) -> None:
    """Show what `run` would do, and what the gate's rows can certify; computes nothing.

    Expected times and sizes are good to a factor of two. "loads as" tells who can load what a step
    leaves: Hugging Face classes, edgecompress, or only an ONNX runtime. `edgecompress explain
    RECIPE` tells why a step is to do again.
    """
    ws = Workspace.open(options.store, options.progress(), offline=options.offline)
    plan = plan_recipe(read_recipe(recipe), ws)
    if options.json:
        output.document(plan.as_document())
        return
    _steps(plan, where=where)
    for planned in plan.steps:
        for remark in planned.step.settings.remarks():
            click.echo(f"{planned.step.label} {planned.step.kind}: {remark}")
    click.echo()
    _certificates(plan.certificates)


def _steps(plan: Plan, *, where: bool) -> None:
    head = ["step", "kind", "state", "key", "about", "size", "loads as", *(["file"] * where)]
    rows = []
    for planned in plan.steps:
        step, cached = planned.step, planned.artifact is not None
        about = "" if cached else output.human_seconds(planned.expected.seconds)
        rows.append(
            [
                step.label,
                step.kind,
                "cached" if cached else "to do",
                (planned.key or "after the step before")[: 21 if planned.key is None else 12],
                about,
                output.human_bytes(planned.expected.bytes),
                step.settings.loads_as,
                *([step.module] * where),
            ]
        )
    output.table(head, rows)


def _certificates(found: tuple[Certificate, ...]) -> None:
    if not found:
        click.echo("no limit rests on rows that can be counted before reading them")
        return
    rows = [
        [
            c.name,
            f"{c.claim.limit}",
            f"{c.rows:,} of {c.role}" + (f", 1 of {c.claim.parts} parts" * (c.claim.parts > 1)),
            f"{c.certifiable:.3f}",
            "probably not" if c.doubtful else "yes",
            "no number" if c.rows_needed is None else f"{c.rows_needed:,}",
        ]
        for c in found
    ]
    output.table(["limit", "asked", "rows", "certifiable", "enough?", "rows needed"], rows)
