"""From columns to rows: which text, which label, and everything that makes a row unfit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.core.texts import UNLABELLED, Text
from edgecompress.data.table import MISSING, Table, require_sound
from edgecompress.recipe.mistakes import did_you_mean
from edgecompress.recipe.schema import DataRef

UNLABELLED_ROLES: Final = ("transfer", "calibration")

# A sentence ends with . ! or ?, perhaps behind closing quotes or brackets, before white space; or
# with a line. Abbreviations cut too early; for texts to train on that does no harm.
_SENTENCE_END: Final = re.compile(r"[.!?][\"'”’)\]]*\s+|[\r\n]+")
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")
_WORD: Final = re.compile(r"\w")


@dataclass(frozen=True)
class Rows:
    """Texts, labels and origins of equal length."""

    texts: Sequence[Text]
    labels: NDArray[np.int64]  # [n]
    origins: Sequence[str]
    dropped_empty: int = 0
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, picked: NDArray[np.int64]) -> "Rows":
        """The rows at these places, in this order."""
        texts = [self.texts[i] for i in picked]
        origins = [self.origins[i] for i in picked]
        columns = {name: [values[i] for i in picked] for name, values in self.columns.items()}
        return Rows(texts, self.labels[picked], origins, self.dropped_empty, columns)

    def unlabelled(self) -> "Rows":
        """The same rows, their labels forgotten."""
        labels = np.full(len(self), UNLABELLED, np.int64)
        return replace(self, labels=labels)


def rows_of(table: Table, ref: DataRef, labels: Sequence[str] | None) -> Rows:
    """Read texts, and labels where `labels` says which there are; None reads no labels.

    Without labels, empty texts are dropped and counted; with labels they are refused.

    Raises:
        DataError: a column is missing; or, with file:line, a row has no text, no label, or a label
            that the recipe does not know.
    """
    problems: list[tuple[int, str]] = []
    texts = _texts(table, ref, problems)
    empty = np.array([not _filled(text) for text in texts], bool)  # [n]
    if labels is None:
        numbers = np.full(len(texts), UNLABELLED, np.int64)
    else:
        numbers = _labels(table, ref, labels, problems)
        problems += [(table.lines[i], "the text is empty") for i in np.flatnonzero(empty).tolist()]
    require_sound(table.name, sorted(problems))
    origins = [f"{table.name}:{line}" for line in table.lines]
    columns = {name: [_written(value) for value in table.column(name)] for name in ref.columns}
    kept = Rows(texts, numbers, origins, int(empty.sum()), columns).take(np.flatnonzero(~empty))
    return _cut(kept) if ref.sentences else kept


def _texts(table: Table, ref: DataRef, problems: list[tuple[int, str]]) -> Sequence[Text]:
    first = _strings(table, ref.text or "text", problems)
    if ref.text_pair is None:
        return first
    return list(zip(first, _strings(table, ref.text_pair, problems), strict=True))


def _strings(table: Table, column: str, problems: list[tuple[int, str]]) -> list[str]:
    """The values of a text column; "" stands where there is none."""
    found = []
    for line, value in zip(table.lines, table.column(column), strict=True):
        if isinstance(value, str):
            if bad := _UNFIT.search(value):
                what = "a NUL byte" if bad[0] == "\0" else f"a lone surrogate {bad[0]!a}"
                problems.append((line, f'"{column}" holds {what}'))
            found.append(value)
        elif value is None or value is MISSING:
            found.append("")
        else:
            problems.append((line, f'"{column}" must be a text, got {value!s:.60}'))
            found.append(str(value))
    return found


def _filled(text: Text) -> bool:
    return bool(text.strip()) if isinstance(text, str) else all(part.strip() for part in text)


def _labels(
    table: Table, ref: DataRef, labels: Sequence[str], problems: list[tuple[int, str]]
) -> NDArray[np.int64]:
    known = _known_labels(ref, labels)
    complaints: dict[str, str] = {}
    numbers = np.full(len(table.lines), UNLABELLED, np.int64)
    for row, value in enumerate(table.column(ref.label or "label")):
        written = _written(value)
        if written in known:
            numbers[row] = known[written]
            continue
        if written not in complaints:
            complaints[written] = _complaint(written, known)
        problems.append((table.lines[row], complaints[written]))
    return numbers


def _known_labels(ref: DataRef, labels: Sequence[str]) -> Mapping[str, int]:
    """What may stand in the file -> index into the recipe's labels."""
    known = {label: number for number, label in enumerate(labels)}
    for seen, meant in (ref.map or {}).items():
        if meant not in labels:
            raise RecipeError(f'map.{seen}: no label "{meant}"{did_you_mean(meant, labels)}')
        known[seen] = labels.index(meant)
    return known


def _written(value: object) -> str:
    """A label as one would write it in a recipe: 1 is "1", true is "true", nothing is ""."""
    if value is None or value is MISSING:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _complaint(written: str, known: Mapping[str, int]) -> str:
    if not written.strip():
        return "has no label"
    hint = did_you_mean(written, known)
    return f'unknown label "{written}"{hint} (`map` can translate)'


def _cut(rows: Rows) -> Rows:
    """Each text into its sentences; what holds no letter and no digit is no sentence."""
    texts: list[Text] = []
    places, origins = [], []
    for place, (text, origin) in enumerate(zip(rows.texts, rows.origins, strict=True)):
        if not isinstance(text, str):
            raise DataError("`sentences` cuts single texts, not pairs; take it out")
        found = [sentence for sentence in _sentences(text) if _WORD.search(sentence)]
        texts += found
        places += [place] * len(found)
        origins += [f"{origin}#{number}" for number in range(1, len(found) + 1)]
    return replace(rows.take(np.array(places, np.int64)), texts=texts, origins=origins)


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield text[start : end.end()].strip()
        start = end.end()
    yield text[start:].strip()
