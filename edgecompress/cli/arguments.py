"""Arguments that several verbs take."""

from pathlib import Path

import click

from edgecompress.cli.completing import recipe_files

recipe = click.argument(
    "recipe", type=click.Path(dir_okay=False, path_type=Path), shell_complete=recipe_files
)
bundle = click.argument("bundle", type=click.Path(file_okay=False, path_type=Path))
report_to = click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.json, report.html, junit.xml and summary.md here, whatever the verdict.",
)
