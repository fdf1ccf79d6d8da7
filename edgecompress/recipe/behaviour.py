"""Checks of what a candidate answers: is it right, and is it what its teacher would say?"""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.check import CheckSettings, Share


class Accuracy(CheckSettings):
    """Is the candidate as often right as its teacher, on the same rows?"""

    limited: ClassVar[dict[str, tuple[str, str]]] = {
        "max_drop": ("accuracy_drop", "at_most"),
        "at_least": ("accuracy", "at_least"),
        "worst_class_recall_at_least": ("worst_class_recall", "at_least"),
        "negative_flips_at_most": ("negative_flip_rate", "at_most"),
    }

    check: Literal["accuracy"]
    data: str = "test"
    max_drop: Share | None = Field(default=None, description="teacher minus candidate")
    at_least: Share | None = None
    worst_class_recall_at_least: Share | None = None
    negative_flips_at_most: Share | None = Field(
        default=None, description="share of all rows where the teacher is right and we are not"
    )


class Loyalty(CheckSettings):
    """Does the candidate still answer as its teacher does, right or wrong?"""

    limited: ClassVar[dict[str, tuple[str, str]]] = {
        "label_at_least": ("label_loyalty", "at_least"),
        "probability_at_least": ("probability_loyalty", "at_least"),
    }

    check: Literal["loyalty"]
    data: str = "test"
    label_at_least: Share | None = None
    probability_at_least: Share | None = None
