"""`edgecompress search RECIPE`."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.judged import begin
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.report.search import front_table, search_document


@click.command()
@arguments.recipe
@click.option("--random", is_flag=True, help="Draw every student: a baseline of the same budget.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many students are trained at once, each on one thread; else one for each core.",
)
@arguments.cluster("students trained")
@click.option(
    "--finalists",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Write so many students of the front as recipes beside RECIPE, train them as long as it "
    "says, and put them before its gate: an ordinary `run` of each.",
)
@click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write search.json and search-report.html here, rather than into the store's runs.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Write each student of the front as a recipe of its own beside RECIPE.",
)
@common
def command(
    recipe: Path,
    random: bool,
    workers: int | None,
    ray_address: str | None,
    finalists: int,
    report_folder: Path | None,
    write: bool,
    options: Options,
) -> None:
    """Try many students in the place of one stage of RECIPE, and show those that nobody beats.

    The section `search` says what is tried, what counts, and for how long. Kill it at any moment
    and run it again: no student is lost or trained twice. Students are ordinary artifacts of the
    store.
    """
    file, ws = begin(recipe, options)
    verb, last, pages = map(workflow, ("search", "finalists", "searched"))
    hire = partial(verb.local, workers=workers)
    if ray_address:
        hire = partial(verb.on_ray, address=ray_address)
    if finalists:
        last.require_judgeable(file)
    found = verb.search_recipe(file, ws, hire, random=random)
    report = pages.told(found, ws)
    page = pages.write_search(report, report_folder)
    if finalists:
        last.judge_finalists(found, ws, finalists)
        report = replace(report, finalists=last.judged(found))
        page = pages.write_search(report, report_folder)
    ws.progress.say(f"report: {page}")
    if options.json:
        output.document(search_document(report))
    else:
        output.table(*front_table(found.course, found.teacher))
    if write:
        for path in found.write_recipes():
            ws.progress.say(f"written: {path}")
