"""Which limits the gate's rows can certify at all, said before anything is computed."""

from collections.abc import Iterator
from dataclasses import dataclass

from edgecompress.core.power import (
    CONFIDENCE,
    best_wilson_low,
    certifiable_drop,
    certifiable_share,
    rows_for_drop,
    rows_for_perfect_share,
)
from edgecompress.data.roles import Data
from edgecompress.recipe.reading import RecipeFile


@dataclass(frozen=True)
class Certificate:
    """One limit, the rows behind it, and the best limit that those rows could ever certify."""

    check: str
    setting: str
    role: str
    rows: int
    limit: float
    best: float  # with a perfect candidate
    likely: float | None  # with a usual one: 80 % power; None where nothing usual is known
    rows_needed: int  # for the limit to be reachable, or likely where `likely` is known

    @property
    def impossible(self) -> bool:
        """Not even a candidate without a single difference could hold this limit."""
        return self.limit < self.best if self._at_most else self.limit > self.best

    @property
    def doubtful(self) -> bool:
        """A usual candidate would probably end undecided."""
        if self.impossible or self.likely is None:
            return False
        return self.limit < self.likely if self._at_most else self.limit > self.likely

    @property
    def _at_most(self) -> bool:
        return self.setting in _AT_MOST

    def __str__(self) -> str:
        best = self.best if self.likely is None else self.likely
        return (
            f"{self.check}.{self.setting} {self.limit:g} on {self.rows:,} rows of {self.role}: "
            f"these rows can certify {best:.3f}; {self.limit:g} needs about {self.rows_needed:,}"
        )


_AT_MOST = ("max_drop", "negative_flips_at_most", "flips_at_most", "batch_flips_at_most")
_AT_LEAST = ("at_least", "label_at_least")
_USUAL_LOYALTY = 0.91  # label loyalty of a 3-layer student; see core.power.USUAL_DISAGREEMENT


def certificates(file: RecipeFile, data: Data) -> list[Certificate]:
    """One for each limit that rests on counted rows, where the rows are known without reading."""
    present = [role for role, _ in file.recipe.data.by_role()]
    return [
        made
        for check in file.recipe.gate
        for role in check.roles(present)
        if (rows := data.rows(role))
        for setting in check.limited
        if (limit := getattr(check, setting)) is not None
        for made in _certificate(check.check, setting, role, (rows, limit, len(file.recipe.labels)))
    ]


def _certificate(
    check: str, setting: str, role: str, numbers: tuple[int, float, int]
) -> Iterator[Certificate]:
    rows, limit, classes = numbers
    if setting in _AT_MOST:
        best = 1 - best_wilson_low(rows)  # no difference at all in so many rows
        likely = certifiable_drop(rows) if setting == "max_drop" else None
        needed = (
            rows_for_drop(limit)
            if likely is not None and limit
            else rows_for_perfect_share(1 - limit)
        )
        yield Certificate(check, setting, role, rows, limit, best, likely, needed)
    elif setting in _AT_LEAST:
        likely = certifiable_share(rows, _USUAL_LOYALTY) if setting == "label_at_least" else None
        if likely is not None and limit > _USUAL_LOYALTY:
            likely = None  # asks for more than the usual; rows alone cannot tell
        needed = rows_for_perfect_share(limit)
        yield Certificate(check, setting, role, rows, limit, best_wilson_low(rows), likely, needed)
    elif setting == "worst_class_recall_at_least":
        confidence = 1 - (1 - CONFIDENCE) / classes
        best = best_wilson_low(max(1, rows // classes), confidence)
        needed = classes * rows_for_perfect_share(limit, confidence)
        yield Certificate(check, setting, role, rows, limit, best, None, needed)
