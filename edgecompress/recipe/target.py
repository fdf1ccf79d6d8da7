"""The device that a model is for."""

from typing import Annotated, Literal

from pydantic import Field

from edgecompress.recipe.section import Section

Processor = Literal["x86-vnni", "x86", "arm64"]
Tokens = Annotated[int, Field(ge=2, le=512)]


class Target(Section):
    """The device that the model is for.

    What stages and checks leave open follows from it: 7-bit weights where 8 bits saturate, the
    lengths at which forms of a graph are timed. Speed is judged on such a processor alone.
    """

    processor: Processor = Field(
        description="x86-vnni multiplies 8 bits fast and exactly, x86 (AVX2) saturates under other "
        "runtimes than ours"
    )
    lengths: tuple[Tokens, ...] = Field(
        default=(12, 24, 48), min_length=1, description="tokens of its usual texts"
    )
