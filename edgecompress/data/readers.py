"""Files into tables: csv, tsv, jsonl and parquet, each also as .gz, in UTF-8 and nothing else."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from edgecompress.core.errors import DataError
from edgecompress.data.late import late
from edgecompress.data.table import MISSING, Table, require_sound

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_file(path: Path, name: str) -> Table:
    """Read a whole file; `name` is what messages call it.

    Raises:
        DataError: it is not there, not of a known kind, damaged, not UTF-8, or has broken lines.
    """
    kind = format_of(path.name)
    return _READERS[kind](_contents(path, name), name)


def format_of(name: str) -> str:
    """csv, tsv, jsonl or parquet, by the end of the name.

    Raises:
        DataError: it ends otherwise.
    """
    kind = Path(name.lower().removesuffix(".gz")).suffix.removeprefix(".")
    if kind not in _READERS:
        known = ", ".join(f".{known}" for known in _READERS)
        raise DataError(f"{name}: a data file ends in {known}, each also with .gz")
    return kind


def _contents(path: Path, name: str) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.name.lower().endswith(".gz") else data
    except FileNotFoundError:
        raise DataError(
            f"{name}: no such file (relative paths start at the recipe's folder)"
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: not a whole gzip file: {error}") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {error.strerror}") from None


def _text(data: bytes, name: str) -> str:
    body = data.removeprefix(BYTE_ORDER_MARK)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        line = data.count(b"\n", 0, offset) + 1
        raise DataError(
            f"{name}:{line}: byte 0x{data[offset]:02x} at offset {offset} is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def _read_csv(data: bytes, name: str) -> Table:
    """RFC 4180: fields in double quotes may hold commas and line breaks."""
    return _delimited(_records(_text(data, name), name, ",", csv.QUOTE_MINIMAL), name)


def _read_tsv(data: bytes, name: str) -> Table:
    """One record a line; a quote is a character like any other."""
    return _delimited(_records(_text(data, name), name, "\t", csv.QUOTE_NONE), name)


def _delimited(records: Iterator[tuple[int, list[str]]], name: str) -> Table:
    _, header = next(records, (1, []))
    if not header:
        raise DataError(f"{name}: empty, where the first line should name the columns")
    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise DataError(f"{name}:1: names a column twice: {', '.join(twice)}")
    lines, rows, problems = [], [], []
    for line, record in records:
        if len(record) != len(header):
            problems.append((line, f"{len(record)} columns, the first line has {len(header)}"))
        lines.append(line)
        rows.append(record)
    require_sound(name, problems)
    values = zip(*rows, strict=True) if rows else ((),) * len(header)
    return Table(name, dict(zip(header, values, strict=True)), lines)


def _records(
    text: str, name: str, delimiter: str, quoting: Literal[0, 3]
) -> Iterator[tuple[int, list[str]]]:
    """(line on which it starts, fields) of every record that is not a blank line."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = " (is a quote left open?)" if "limit" in str(error) else ""
            raise DataError(f"{name}:{line}: {error}{hint}") from None
        if record:
            yield line, record


def _read_jsonl(data: bytes, name: str) -> Table:
    """One JSON object a line; blank lines do not count."""
    lines, rows, problems = [], [], []
    # Not splitlines(): JSON texts may hold U+2028 and its like, which end no line here.
    for line, text in enumerate(_text(data, name).split("\n"), start=1):
        if not text or text.isspace():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            problems.append((line, f"broken JSON: {error}"))
            continue
        if isinstance(row, dict):
            lines.append(line)
            rows.append(row)
        else:
            problems.append((line, "must be a JSON object, {...}"))
    require_sound(name, problems)
    names = dict.fromkeys(column for row in rows for column in row)
    columns = {column: [row.get(column, MISSING) for row in rows] for column in names}
    return Table(name, columns, lines)


def _read_parquet(data: bytes, name: str) -> Table:
    table: Table = late("parquet").read_parquet(data, name)
    return table


_READERS: Final[Mapping[str, Callable[[bytes, str], Table]]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
}
