"""Checks of the file that ships: how fast, how large, and still the network it came from?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.core import power
from edgecompress.recipe.check import CheckSettings, Claim, Limited, Share
from edgecompress.recipe.target import Processor

_FLIPS = power.Share(perfect=0.0, usual=0.015)  # of dynamic int8, as seen on reviews


class Latency(CheckSettings):
    """How fast is it against its teacher, one text at a time, one thread, on this machine?"""

    limited: ClassVar[Mapping[str, Limited]] = {
        "speedup_at_least": Limited("latency_ratio", "at_least"),
        "p50_ms_at_most": Limited("latency_p50_ms", "at_most"),
        "p95_ms_at_most": Limited("latency_p95_ms", "at_most"),
    }
    takes_groups: ClassVar[bool] = False

    check: Literal["latency"]
    data: str = Field(default="test", description="whose lengths the timed texts follow")
    pairs: int = Field(  # fewer than 72 cannot bound p95 from above
        default=300, ge=72, le=100_000, description="timings of both, turn about"
    )
    processor: Processor | None = Field(
        default=None, description="on another kind nothing is judged; default: the target's"
    )
    speedup_at_least: float | None = Field(default=None, gt=0)
    p50_ms_at_most: float | None = Field(default=None, gt=0)
    p95_ms_at_most: float | None = Field(default=None, gt=0)


class Size(CheckSettings):
    """What does it cost on disk, in memory and at the first answer?"""

    limited: ClassVar[Mapping[str, Limited]] = {
        "bytes_at_most": Limited("size_bytes", "at_most"),
        "ratio_at_most": Limited("size_ratio", "at_most"),
        "peak_rss_bytes_at_most": Limited("peak_rss_bytes", "at_most"),
        "cold_start_ms_at_most": Limited("cold_start_ms", "at_most"),
    }

    check: Literal["size"]
    bytes_at_most: int | None = Field(default=None, gt=0, description="of model.onnx")
    ratio_at_most: float | None = Field(
        default=None, gt=0, description="model.onnx over the teacher's fp32 weights"
    )
    peak_rss_bytes_at_most: int | None = Field(default=None, gt=0)
    cold_start_ms_at_most: float | None = Field(
        default=None, gt=0, description="a fresh process, from start to its first answer"
    )


class Parity(CheckSettings):
    """Does the shipped graph decide as its network, in company, on other processors?"""

    limited: ClassVar[Mapping[str, Limited]] = {
        "max_abs_at_most": Limited("parity_max_abs", "at_most"),
        "flips_at_most": Limited("parity_flip_rate", "at_most", _FLIPS),
        "batch_flips_at_most": Limited("batch_flip_rate", "at_most", _FLIPS),
        "isa_flips_at_most": Limited("isa_flip_rate", "at_most", _FLIPS),
    }
    takes_groups: ClassVar[bool] = False

    check: Literal["parity"]
    data: str = "test"
    batch_sizes: tuple[Annotated[int, Field(ge=2, le=1024)], ...] = (8, 32)
    max_abs_at_most: float | None = Field(default=None, gt=0, description="logits, torch - ONNX")
    flips_at_most: Share | None = Field(default=None, description="decisions, torch against ONNX")
    batch_flips_at_most: Share | None = Field(
        default=None, description="decisions in padded batches against batch 1"
    )
    isa_rows: int = Field(
        default=200, ge=1, description="so many rows are computed as other processors would"
    )
    isa_flips_at_most: Share | None = Field(
        default=None, description="decisions on x86 without VNNI, under other runtimes than ours"
    )

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """Other processors are imitated on some rows only."""
        for claim in super().claims(rows, classes):
            other = claim.setting == "isa_flips_at_most"
            yield replace(claim, rows=min(rows, self.isa_rows)) if other else claim
