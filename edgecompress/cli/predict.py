"""`edgecompress predict BUNDLE [TEXT...]`."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.runtime import EdgeModel
from edgecompress.runtime.errors import InputError

Text = str | tuple[str, str]
Item = TypeVar("Item")

AT_A_TIME = 64


@click.command()
@arguments.bundle
@click.argument("texts", nargs=-1)
@click.option("--pair", nargs=2, metavar="FIRST SECOND", help="One sentence pair.")
@click.option(
    "--input",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help='JSON lines: {"text": ...} or {"text": ..., "text_pair": ...}.',
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 256))
@common
def command(
    bundle: Path,
    texts: tuple[str, ...],
    pair: tuple[str, str] | None,
    source: Path | None,
    threads: int,
    options: Options,
) -> None:
    """Answer texts with BUNDLE: arguments, or lines of stdin, or --input; one JSON line each.

    \b
    edgecompress predict release "a film to remember"
    {"label": "positive", "score": 0.98, "scores": {"negative": 0.02, "positive": 0.98}}
    """
    if sum(map(bool, (texts, pair, source))) > 1:
        raise click.UsageError("give texts, or --pair, or --input, not several of them")
    model = EdgeModel.load(bundle, threads=threads)
    inputs: Iterable[Text] = [pair] if pair else texts or _lines(source)
    answers = (answer for part in _parts(inputs) for answer in model.predict(part))
    if options.json:
        output.document(list(answers))
        return
    for answer in answers:
        output.event(answer)


def _lines(source: Path | None) -> Iterator[Text]:
    if source is None:
        if sys.stdin.isatty():
            click.echo("reading texts, one a line; Ctrl-D ends", err=True)
        for number, raw in enumerate(sys.stdin.buffer, 1):
            yield _decoded(raw, "stdin", number).rstrip("\r\n")
        return
    with source.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _row(_decoded(raw, str(source), number), f"{source}:{number}")


def _decoded(raw: bytes, where: str, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}:{number}: not UTF-8 at byte {error.start} of the line") from None


def _row(line: str, where: str) -> Text:
    try:
        row = json.loads(line)
    except ValueError:
        raise InputError(f"{where}: not JSON; each line is an object with `text`") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise InputError(f"{where}: no `text` that is a string")
    second = row.get("text_pair")
    if second is None:
        return str(row["text"])
    if not isinstance(second, str):
        raise InputError(f"{where}: `text_pair` is not a string")
    return str(row["text"]), second


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Small lists, so that answers flow out while texts flow in."""
    iterator = iter(items)
    while part := list(islice(iterator, AT_A_TIME)):
        yield part
