"""`edgecompress compare A B`."""

from dataclasses import asdict

import click

from edgecompress.cli import output
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.core.measurement import Measurement
from edgecompress.recipe.schema import DataRef
from edgecompress.report.numbers import figures
from edgecompress.workflow.places import store_folder
from edgecompress.workflow.workspace import cached_resources


@click.command()
@click.argument("first")
@click.argument("second")
@click.option(
    "--data",
    metavar="SOURCE",
    help="Labelled texts: a .csv, .tsv, .jsonl or .parquet file with `text` and `label`, "
    "or resource:NAME. "
    "Without it, the texts that a bundle carries, which have no labels.",
)
@click.option("--split", help="Split of the source, where it has several.")
@click.option("--text-pair", metavar="COLUMN", help="Column of the second text, for pairs.")
@common
def command(
    first: str,
    second: str,
    data: str | None,
    split: str | None,
    text_pair: str | None,
    options: Options,
) -> None:
    """Compare two models on the same rows, with intervals.

    FIRST and SECOND are bundles, folders with an ONNX classifier, or runs: the name of one in the
    store, or a folder that --report has written.

    accuracy_drop is first minus second; label_loyalty is how often they agree; latency_ratio is how
    many times faster the second is, timed turn about on one thread. Nothing is judged: `bench
    --against` does that, and `gate` against the teacher.

    \b
    edgecompress compare release candidate --data reviews.csv
    """
    progress, store, verb = options.progress(), store_folder(options.store), workflow("compare")
    old, new = (verb.model_of(name, store, progress) for name in (first, second))
    if data is None:
        texts = verb.golden_texts(old, new)
    else:
        resources = cached_resources(progress, offline=options.offline)
        ref = DataRef(source=data, split=split, text_pair=text_pair)
        texts = verb.labelled_texts(ref, verb.shared_labels(old, new), resources)
    found = verb.compare_models(old, new, texts, progress)
    if options.json:
        output.document({"comparison": [asdict(m) for m in found]})
        return
    rows = [[f"{m.name} {m.part}".strip(), *_shown(m), m.method] for m in found]
    output.table(["measurement", "value", "interval", "n", "method"], rows)


def _shown(measured: Measurement) -> tuple[str, str, str]:
    shown = figures(measured)
    return shown.value, shown.interval, shown.n
