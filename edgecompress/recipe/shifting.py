"""Checks of what a candidate makes of other texts than the usual, and of its own doubt."""

from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.core import power
from edgecompress.recipe.check import FEWEST_ROWS, CheckSettings, Limited, Share

Perturbation = Literal["typos", "negation", "casing", "entities"]

_NO_ERROR = power.Statistic(perfect=0.0)
_NO_DISTANCE = power.Statistic(perfect=0.0, reach=2.0)


class Shift(CheckSettings):
    """Does it still decide as its teacher does on texts unlike those that it learnt from?

    Each set of `data` has to hold its limits for itself; relative bias is that of all their rows
    together. `perturb` changes rows of `against`: typos, letter case and other names leave the
    labels alone; a negation may turn them, so it is only counted how often decisions turn.
    """

    limited: ClassVar[Mapping[str, Limited]] = {
        "accuracy_at_least": Limited("ood_accuracy", "at_least", power.Share()),
        "max_drop": Limited("ood_drop", "at_most", power.Difference()),
        "max_gap": Limited("ood_gap", "at_most"),
        "relative_bias_at_most": Limited("relative_bias", "at_most"),
        "max_perturbed_drop": Limited("perturbed_drop", "at_most"),
        "invariance_at_least": Limited("invariance", "at_least"),
        "max_negation_lag": Limited("negation_lag", "at_most"),
    }

    check: Literal["shift"]
    data: str = "ood"
    against: str = Field(default="test", description="the role with the usual texts")
    accuracy_at_least: Share | None = None
    max_drop: Share | None = Field(default=None, description="teacher minus candidate")
    max_gap: Share | None = Field(
        default=None, description="accuracy on `against` minus that on the other texts"
    )
    relative_bias_at_most: float | None = Field(
        default=None,
        gt=0,
        description="share of its accuracy that the candidate loses, over the teacher's; undecided "
        "where that ratio means nothing",
    )
    subcases: str | None = Field(
        default=None, description="a column that the data keeps (`columns`); a table by its values"
    )
    perturb: tuple[Perturbation, ...] = ()
    perturb_rows: Annotated[int, Field(ge=FEWEST_ROWS)] = Field(
        default=500, description="of `against`, drawn once; fewer where it has fewer"
    )
    max_perturbed_drop: Share | None = Field(
        default=None, description="teacher minus candidate, on changed texts"
    )
    invariance_at_least: Share | None = Field(
        default=None, description="share of decisions that the change leaves as they were"
    )
    max_negation_lag: Share | None = Field(
        default=None,
        description="share of decisions that a negation turns, teacher minus candidate",
    )

    def beside(self, present: Collection[str]) -> tuple[str, ...]:
        """The usual texts."""
        return (self.against,)


class Calibration(CheckSettings):
    """Does its confidence say how often it is right?

    The expected calibration error is told over 15 bins of equally many rows. Where the recipe has
    validation rows, a temperature is fitted on them, and the error after it is told as well.
    """

    limited: ClassVar[Mapping[str, Limited]] = {
        "ece_at_most": Limited("expected_calibration_error", "at_most", _NO_ERROR),
        "ece_increase_at_most": Limited("calibration_error_increase", "at_most"),
        "brier_at_most": Limited("brier_score", "at_most", _NO_DISTANCE),
    }

    check: Literal["calibration"]
    data: str = "test"
    ece_at_most: Share | None = None
    ece_increase_at_most: Share | None = Field(
        default=None, description="candidate minus teacher, on the same rows"
    )
    brier_at_most: Annotated[float, Field(ge=0, le=2)] | None = None

    def beside(self, present: Collection[str]) -> tuple[str, ...]:
        """What a temperature is fitted on; never the rows that are judged."""
        return tuple(role for role in present if role == "validation")
