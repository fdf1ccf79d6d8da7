"""The base of everything a user may write: frozen, and deaf to unknown keys."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One mapping of a recipe. Unknown keys are refused, values are never coerced across kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
