"""All checks that a recipe may name: the registry, and the type of one entry of `gate`."""

from typing import Annotated

from pydantic import Field

from edgecompress.recipe.attacking import Attack
from edgecompress.recipe.behaviour import Accuracy, Loyalty, Slices
from edgecompress.recipe.budget import Latency, Parity, Size
from edgecompress.recipe.check import CheckSettings
from edgecompress.recipe.shifting import Calibration, Shift

CHECKS: dict[str, type[CheckSettings]] = {
    "accuracy": Accuracy,
    "loyalty": Loyalty,
    "slices": Slices,
    "shift": Shift,
    "calibration": Calibration,
    "attack": Attack,
    "latency": Latency,
    "size": Size,
    "parity": Parity,
}

AnyCheck = Annotated[
    Accuracy | Loyalty | Slices | Shift | Calibration | Attack | Latency | Size | Parity,
    Field(discriminator="check"),
]
