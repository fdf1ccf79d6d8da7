"""`edgecompress predict BUNDLE [TEXT...]`."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.runtime import EdgeModel
from edgecompress.runtime.errors import InputError
from edgecompress.runtime.model import SESSIONS, Backend

Text = str | tuple[str, str]
Item = TypeVar("Item")
Advance = Callable[[float], None]

AT_A_TIME = 64  # texts in memory, whatever the length of the file
LONGEST_LINE_BYTES = 16_000_000  # a file without line ends would be held whole


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
@click.option(
    "--backend",
    default="onnxruntime",
    show_default=True,
    type=click.Choice(list(SESSIONS)),
    help="What computes the graph; `bench` tells which is faster here, and answers alike.",
)
@common
def command(
    bundle: Path,
    texts: tuple[str, ...],
    pair: tuple[str, str] | None,
    source: Path | None,
    threads: int,
    backend: Backend,
    options: Options,
) -> None:
    """Answer texts with BUNDLE: arguments, or lines of stdin, or --input; one JSON line each.

    A file may be of any length: answers flow out while texts flow in.

    \b
    edgecompress predict release "a film to remember"
    {"label": "positive", "score": 0.98, "scores": {"negative": 0.02, "positive": 0.98}}
    """
    if sum(map(bool, (texts, pair, source))) > 1:
        raise click.UsageError("give texts, or --pair, or --input, not several of them")
    model = EdgeModel.load(bundle, threads=threads, backend=backend)
    with ExitStack() as stack:
        inputs: Iterable[Text] = [pair] if pair else texts or _lines(source, options, stack)
        answers = (answer for part in _parts(inputs) for answer in model.predict(part))
        if options.json:
            output.long_list(answers)
            return
        for answer in answers:
            output.event(answer)


def _lines(source: Path | None, options: Options, stack: ExitStack) -> Iterator[Text]:
    """Texts of a file, under a bar unless the answers go to the same terminal, or of stdin."""
    if source is None:
        if sys.stdin.isatty():
            click.echo("reading texts, one a line; Ctrl-D ends", err=True)
        for number, raw in _raw_lines(sys.stdin.buffer, "stdin", _unheard):
            yield _decoded(raw, "stdin", number).rstrip("\r\n")
        return
    file, advance = stack.enter_context(source.open("rb")), _unheard
    if not sys.stdout.isatty():
        bar = options.progress().track(source.name, source.stat().st_size, "B")
        advance = stack.enter_context(bar).advance
    for number, raw in _raw_lines(file, str(source), advance):
        if raw.strip():
            yield _row(_decoded(raw, str(source), number), f"{source}:{number}")


def _raw_lines(file: BinaryIO, where: str, advance: Advance) -> Iterator[tuple[int, bytes]]:
    """Numbered lines, each counted in bytes when the next one is wanted."""
    number = 0
    while raw := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(raw) > LONGEST_LINE_BYTES:
            raise InputError(
                f"{where}:{number}: longer than {LONGEST_LINE_BYTES:,} bytes; "
                "texts stand on lines of their own"
            )
        yield number, raw
        advance(len(raw))


def _unheard(amount: float) -> None:
    """For texts of which nobody knows how many there will be."""


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
