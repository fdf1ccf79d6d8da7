"""Checks of what a candidate answers: is it right, and is it what its teacher would say?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from edgecompress.core import power
from edgecompress.core.gate import Limit
from edgecompress.recipe.check import FEWEST_ROWS, CheckSettings, Claim, Limited, Share

RETRAIN_FLOOR: Final = "retrain-floor"

LENGTHS: Final = 4
"""Buckets of `by: [length]`: quartiles of the number of words."""

# What a 3-layer int8 student on short reviews looks like; see also core.power.
_LABELS = power.Share(usual=0.09)
_PROBABILITIES = power.Mean(reach=math.sqrt(math.log(2)), usual=0.11, spread=0.115)
_OVER_FLOOR = power.Difference(beatable=True)


class Accuracy(CheckSettings):
    """Is the candidate as often right as its teacher, on the same rows?"""

    limited: ClassVar[Mapping[str, Limited]] = {
        "max_drop": Limited("accuracy_drop", "at_most", power.Difference()),
        "at_least": Limited("accuracy", "at_least", power.Share()),
        "worst_class_recall_at_least": Limited("worst_class_recall", "at_least", power.Share()),
        "negative_flips_at_most": Limited("negative_flip_rate", "at_most", power.Share(perfect=0)),
    }

    check: Literal["accuracy"]
    data: str = "test"
    max_drop: Share | None = Field(default=None, description="teacher minus candidate")
    at_least: Share | None = None
    worst_class_recall_at_least: Share | None = Field(
        default=None, description=f"undecided where any class has fewer than {FEWEST_ROWS} rows"
    )
    negative_flips_at_most: Share | None = Field(
        default=None, description="share of all rows where the teacher is right and we are not"
    )

    def limits(self) -> dict[str, Limit]:
        """The worst class is not known from a handful of rows."""
        found = super().limits()
        if worst := found.get("worst_class_recall"):
            found["worst_class_recall"] = replace(worst, rows=FEWEST_ROWS)
        return found

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """The rows of the worst class are at best an even share."""
        for claim in super().claims(rows, classes):
            if claim.setting == "worst_class_recall_at_least":
                limit = replace(claim.limit, rows=FEWEST_ROWS)
                yield replace(claim, limit=limit, parts=classes, among=classes)
            else:
                yield claim


class Loyalty(CheckSettings):
    """Does the candidate still answer as its teacher does, right or wrong?

    `label_at_least: retrain-floor` asks it to agree with the teacher as often as the teacher
    trained again from the next seed does; that second teacher is made by `run`, once.
    """

    limited: ClassVar[Mapping[str, Limited]] = {
        "label_at_least": Limited("label_loyalty", "at_least", _LABELS),
        "probability_at_least": Limited("probability_loyalty", "at_least", _PROBABILITIES),
        "matched_probability_at_least": Limited(
            "probability_loyalty_matched", "at_least", _PROBABILITIES
        ),
    }

    check: Literal["loyalty"]
    data: str = "test"
    label_at_least: Share | Literal["retrain-floor"] | None = Field(
        default=None, description="a share, or `retrain-floor`"
    )
    floor_margin: Share = Field(
        default=0.0,
        description="how far below the retrain floor is still as loyal; at 0 the candidate has to "
        "be more loyal than the second teacher by more than the doubt of the rows",
    )
    probability_at_least: Share | None = None
    matched_probability_at_least: Share | None = Field(
        default=None, description="at the temperature that brings our probabilities closest"
    )

    @property
    def needs_retrained(self) -> bool:
        """Only the floor does."""
        return self.label_at_least == RETRAIN_FLOOR

    def limits(self) -> dict[str, Limit]:
        """The floor is no number, so the paired difference to it is limited."""
        if self.needs_retrained:
            return {"loyalty_over_floor": self._over_floor(), **self._but_the_floor().limits()}
        return super().limits()

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """Of the floor: how close to it the rows can see."""
        if self.needs_retrained:
            yield Claim("floor_margin", self._over_floor(), _OVER_FLOOR, rows)
            yield from self._but_the_floor().claims(rows, classes)
        else:
            yield from super().claims(rows, classes)

    def _over_floor(self) -> Limit:
        return Limit(at_least=0.0 - self.floor_margin)

    def _but_the_floor(self) -> "Loyalty":
        return self.model_copy(update={"label_at_least": None})


class Slices(CheckSettings):
    """Is it as good on every kind of text: each class, short and long, each value of a column?

    All intervals hold at once (Bonferroni over the slices), and each slice has to hold.
    """

    limited: ClassVar[Mapping[str, Limited]] = {
        "max_drop": Limited("slice_accuracy_drop", "at_most", power.Difference()),
        "accuracy_at_least": Limited("slice_accuracy", "at_least", power.Share()),
        "loyalty_at_least": Limited("slice_label_loyalty", "at_least", _LABELS),
    }

    check: Literal["slices"]
    data: str = "test"
    by: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="`label`, `length` (quartiles of the number of words), or columns that the "
        "data keeps (`columns`)"
    )
    max_drop: Share | None = Field(default=None, description="teacher minus candidate, of a slice")
    accuracy_at_least: Share | None = None
    loyalty_at_least: Share | None = Field(default=None, description="of the labels")
    min_rows: int = Field(
        default=FEWEST_ROWS, ge=1, description="a slice with fewer rows is undecided"
    )

    def limits(self) -> dict[str, Limit]:
        """None of them is decided by a slice that is too small."""
        return {name: replace(one, rows=self.min_rows) for name, one in super().limits().items()}

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """How many values a column has is not known before it is read, so it counts as one."""
        parts = [{"label": classes, "length": LENGTHS}.get(by, 1) for by in self.by]
        for claim in super().claims(rows, classes):
            limit = replace(claim.limit, rows=self.min_rows)
            yield replace(claim, limit=limit, parts=max(parts), among=sum(parts))
