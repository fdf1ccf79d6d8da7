"""Which label is taken for which: two small matrices, or a list where there are many labels."""

from collections.abc import Iterator
from dataclasses import dataclass

from edgecompress.report.charts import at
from edgecompress.report.contents import Confusion, Matrix
from edgecompress.report.sheets import Sheet, sheet

MOST_LABELS = 8  # of a matrix that can still be read; more become a list
MOST_PAIRS = 20  # of that list


@dataclass(frozen=True)
class Square:
    """One cell: a count, and its share of the rows with that truth."""

    count: str
    share: str
    width: str  # of its bar
    right: bool


@dataclass(frozen=True)
class Drawing:
    """One model's decisions."""

    name: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


@dataclass(frozen=True)
class Pair:
    """One label taken for another."""

    truth: str
    decision: str
    ours: int
    teacher: int


def matrices(content: Confusion) -> tuple[Drawing, ...]:
    """The candidate's and its teacher's; none where they would be too large to be read."""
    if len(content.labels) > MOST_LABELS:
        return ()
    both = (("candidate", content.ours), ("teacher", content.teacher))
    return tuple(Drawing(name, content.labels, _rows(content, m)) for name, m in both)


def commonest(content: Confusion) -> Sheet | None:
    """Most frequent mistakes, where there are no matrices."""
    if len(content.labels) <= MOST_LABELS:
        return None
    columns = [("label", ""), ("taken for", ""), ("candidate", "count"), ("teacher", "count")]
    pairs = sorted(_mistakes(content), key=lambda pair: -pair.ours)[:MOST_PAIRS]
    return sheet(columns, [(p.truth, p.decision, p.ours, p.teacher) for p in pairs])


def confusion_finding(content: Confusion) -> str:
    """The candidate's commonest mistake, beside the teacher's count of the same."""
    worst = max(_mistakes(content), key=lambda pair: pair.ours, default=None)
    if worst is None or not worst.ours:
        return "The candidate mistakes no label for another."
    total = sum(content.ours[content.labels.index(worst.truth)])
    return (
        f"Most often {worst.truth} is taken for {worst.decision}: {worst.ours:,} of {total:,} "
        f"rows, against {worst.teacher:,} by the teacher."
    )


def _mistakes(content: Confusion) -> Iterator[Pair]:
    for i, truth in enumerate(content.labels):
        for j, decision in enumerate(content.labels):
            if i != j:
                yield Pair(truth, decision, content.ours[i][j], content.teacher[i][j])


def _rows(content: Confusion, matrix: Matrix) -> tuple[tuple[str, tuple[Square, ...]], ...]:
    found = []
    for i, counts in enumerate(matrix):
        total = sum(counts) or 1
        shares = [100 * n / total for n in counts]
        squares = (
            Square(f"{n:,}", f"{share:.1f} %", at(share), i == j)
            for j, (n, share) in enumerate(zip(counts, shares, strict=True))
        )
        found.append((content.labels[i], tuple(squares)))
    return tuple(found)
