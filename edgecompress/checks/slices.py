"""Check `slices`: is it as good on every kind of text?

A mean hides whom it fails: compression harms what is rare first. Every slice is held to the same
limits, with intervals that hold for all slices at once (Bonferroni), so that one of many slices
does not break by chance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.case import Case, decisions
from edgecompress.core.errors import DataError
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.texts import Text, TextSet
from edgecompress.recipe.behaviour import LENGTHS, Slices

MOST_VALUES = 50
"""More slices by one column are single texts rather than kinds of text."""


@dataclass(frozen=True)
class Slice:
    """Rows that have something in common."""

    name: str  # "label = positive"
    rows: Hits  # [n]


def measure(case: Case, settings: Slices) -> Sequence[Finding]:
    """Accuracy, its drop from the teacher, and label loyalty of each slice; and all as a table.

    Raises:
        DataError: a column has more values than can be told apart.
    """
    return [one for role in settings.roles(case.data) for one in _of_role(case, settings, role)]


def slices_of(texts: TextSet, labels: Sequence[str], by: Sequence[str]) -> list[Slice]:
    """All slices, by each of `by` in turn; every row is in one slice of each.

    Raises:
        DataError: as `measure`.
    """
    return [one for name in by for one in _sliced(texts, labels, name)]


def _sliced(texts: TextSet, labels: Sequence[str], by: str) -> Iterator[Slice]:
    if by == "length":
        yield from _lengths(texts.texts)
        return
    values = np.array([labels[k] for k in texts.labels] if by == "label" else texts.columns[by])
    kinds = np.unique(values)
    if len(kinds) > MOST_VALUES:
        raise DataError(
            f"slices: {by} has {len(kinds):,} values on data.{texts.name}, and at most "
            f"{MOST_VALUES} can be told apart; group them in a column of their own, or take it "
            "out of `by`"
        )
    for kind in kinds.tolist():
        yield Slice(f"{by} = {kind or '(empty)'}", values == kind)


def _lengths(texts: Sequence[Text]) -> Iterator[Slice]:
    """Quartiles of the number of words; fewer where many texts are equally long."""
    words = np.array([_words(text) for text in texts])
    inner = np.arange(1, LENGTHS) / LENGTHS
    bounds = np.unique(np.quantile(words, inner, method="inverted_cdf"))
    bucket = np.searchsorted(bounds, words)
    for number in np.unique(bucket):
        rows: NDArray[np.bool_] = bucket == number
        low, high = words[rows].min(), words[rows].max()
        told = f"{low} to {high}" if high > low else f"{low}"
        yield Slice(f"length = {told} words", rows)


def _words(text: Text) -> int:
    return len(text.split()) if isinstance(text, str) else sum(map(_words, text))


def _of_role(case: Case, settings: Slices, role: str) -> Iterator[Finding]:
    truth = case.data[role].labels
    ours = decisions(case.answers(case.candidate, role))
    teacher = decisions(case.answers(case.teacher, role))
    right, teacher_right, agreed = ours == truth, teacher == truth, ours == teacher
    found = slices_of(case.data[role], case.labels, settings.by)
    table: list[list[str | float]] = []
    for one in found:
        place, rows = Place(role, one.name, among=len(found)), one.rows
        drop = difference("slice_accuracy_drop", teacher_right[rows], right[rows], place)
        accuracy = share("slice_accuracy", right[rows], place)
        loyalty = share("slice_label_loyalty", agreed[rows], place)
        yield from (accuracy, drop, loyalty)
        before = float(teacher_right[rows].mean())
        table.append([one.name, drop.n, before, accuracy.value, drop.value, loyalty.value])
    yield _table(table, role)


def _table(rows: list[list[str | float]], role: str) -> Exhibit:
    columns = [("slice", ""), ("rows", "count"), ("teacher", "fraction"), ("candidate", "fraction")]
    columns += [("drop", "fraction"), ("label loyalty", "fraction")]
    content = {
        "columns": [{"name": name, "unit": unit} for name, unit in columns],
        "rows": sorted(rows, key=lambda row: (-float(row[4]), float(row[3]), row[0])),
    }
    return Exhibit("table", f"Accuracy by slice of {role}, the largest drop first", role, content)
