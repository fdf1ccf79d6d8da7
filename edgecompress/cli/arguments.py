"""Arguments that several verbs take."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edgecompress.cli.completing import recipe_files
from edgecompress.cli.options import Function

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:|databricks$")


class Address(click.ParamType):  # type: ignore[type-arg]  # older clicks know no argument
    """Where a tracker listens, as MLflow writes it.

    An option whose value may be left out takes the next word for it, so a recipe that follows it
    must not pass for an address.
    """

    name = "uri"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address as it is; "" where none was given."""
        text = str(value)
        if text and not _ADDRESS.match(text):
            self.fail(
                f"{text!r} is no address such as http://localhost:5000 or sqlite:///runs.db; "
                "without an address, --mlflow stands last",
                param,
                ctx,
            )
        return text


recipe = click.argument(
    "recipe", type=click.Path(dir_okay=False, path_type=Path), shell_complete=recipe_files
)
bundle = click.argument("bundle", type=click.Path(file_okay=False, path_type=Path))
report_to = click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.json, report.html, junit.xml and summary.md here, whatever the verdict, and "
    "beside them the recipe with its defaults and the events of the run.",
)
mlflow = click.option(
    "--mlflow",
    type=Address(),
    is_flag=False,
    flag_value="",
    metavar="[URI]",
    help="When all is done, send the report to MLflow: to this server or database, else to "
    "$MLFLOW_TRACKING_URI, else into the file mlflow.db here. A tracker that cannot be reached "
    "is a warning. Needs the extra `mlflow`.",
)


def cluster(done: str, beside: str = "") -> Callable[[Function], Function]:
    """The option --ray-address of a verb whose work a cluster can do, and what to say beside it."""
    return click.option(
        "--ray-address",
        metavar="HOST:PORT",
        help=f"Have {done} by a Ray cluster: that of this head, `auto` for the one that this "
        f"machine is in, `local` for one that is started here.{beside}",
    )


attackers = cluster(
    "texts attacked",
    " Attacks alone are shared: training and all other checks, latency above all, stay on this "
    "machine. Nodes need processors of its kind.",
)
