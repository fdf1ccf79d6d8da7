"""`edgecompress doctor`."""

import click

from edgecompress.cli import output
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import ExitCode
from edgecompress.workflow.doctor import Finding, examine
from edgecompress.workflow.places import store_folder


@click.command()
@common
def command(options: Options) -> int:
    """Look at the machine, the packages, the store, and whether time can be measured here.

    `!!` would prevent a run, `--` is worth knowing. Put it into a report of a fault.

    Exit code: 0 all is well, 4 something would prevent a run.
    """
    findings = examine(store_folder(options.store))
    if options.json:
        output.document([vars(f) for f in findings])
    else:
        rows = [[_mark(f), f.what, f.seen, f.advice] for f in findings]
        output.table(["", "what", "seen", "advice"], rows)
    return ExitCode.OK if all(f.fine for f in findings) else ExitCode.ENVIRONMENT


def _mark(finding: Finding) -> str:
    if not finding.fine:
        return "!!"
    return "--" if finding.advice else "ok"
