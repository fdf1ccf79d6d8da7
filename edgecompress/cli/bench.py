"""`edgecompress bench MODEL [--against OLD]`."""

from pathlib import Path

import click

from edgecompress.cli import output
from edgecompress.cli.exits import EXIT_OF
from edgecompress.cli.options import Options, common
from edgecompress.report.bench import bench_json, bench_junit, bench_text
from edgecompress.runtime.errors import ExitCode
from edgecompress.runtime.model import SESSIONS, Backend
from edgecompress.workflow.bench import Bench, Opponent, bench, texts_of
from edgecompress.workflow.service import Service

MODEL = click.Path(exists=True, path_type=Path)
BACKEND = click.Choice(list(SESSIONS))
SHARE = click.FloatRange(0, 1, min_open=True)


@click.command()
@click.argument("model", type=MODEL)
@click.option("--against", type=MODEL, metavar="OLD", help="The model that MODEL would replace.")
@click.option(
    "--texts",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Texts as they come in service: .jsonl, .csv, .tsv or .parquet with a column `text`, and "
    "`text_pair` for pairs. Without it, the texts that the bundle carries.",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--rows",
    default=600,
    show_default=True,
    type=click.IntRange(min=100),
    help="How many answers are timed; more of them make the intervals narrower.",
)
@click.option(
    "--tolerance",
    default=0.05,
    show_default=True,
    type=SHARE,
    help="How much slower than OLD is slower: 0.05 is five percent.",
)
@click.option(
    "--flips-at-most",
    type=SHARE,
    metavar="SHARE",
    help="Judge labels too: at most this share of the texts may be answered otherwise than by OLD.",
)
@click.option("--backend", default="onnxruntime", show_default=True, type=BACKEND)
@click.option(
    "--against-backend",
    default="onnxruntime",
    show_default=True,
    type=BACKEND,
    help="What OLD runs on; so one model can stand against itself on another back end.",
)
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the verdict as JUnit XML, too.",
)
@common
def command(
    model: Path,
    against: Path | None,
    texts: Path | None,
    threads: int,
    rows: int,
    tolerance: float,
    flips_at_most: float | None,
    backend: Backend,
    against_backend: Backend,
    junit: Path | None,
    options: Options,
) -> int:
    """Time MODEL from text to label on this machine; with --against, judge it.

    MODEL is a bundle, any folder with an ONNX classifier and its tokenizer, or the graph in it.

    \b
    edgecompress bench release
    edgecompress bench candidate --against release --texts reviews.jsonl

    A number of yesterday says little about today's machine, so nothing is compared with stored
    runs: both models answer the same texts in turns, and the interval of their ratio decides.
    `slowdown` is the share by which MODEL takes longer; below 0 it is faster. OLD is first timed
    against itself: where equals do not look equal, nothing is judged.

    Exit code with --against: 0 MODEL is not slower than OLD by more than the tolerance, 1 it is,
    5 the interval contains the tolerance (more --rows narrow it), 4 the machine is too noisy to
    judge. Without --against: 0.
    """
    opponent = Opponent(against, tolerance, flips_at_most, against_backend) if against else None
    asked = Bench(model, texts_of(model, texts), rows, Service(threads, backend), opponent)
    report = bench(asked, options.progress())
    if options.json:
        output.document(bench_json(report))
    else:
        click.echo(bench_text(report))
    if junit:
        junit.write_text(bench_junit(report), encoding="utf-8")
    return EXIT_OF[report.gate.outcome] if opponent else ExitCode.OK
