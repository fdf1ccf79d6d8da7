"""Settings of the stages that make what ships: the ONNX graph and its int8 form."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.section import Section
from edgecompress.recipe.stage import ONNX, StageSettings
from edgecompress.recipe.target import Tokens

Share = Annotated[float, Field(ge=0, le=1)]


class Export(StageSettings):
    """Write the network as an ONNX graph, with attention fused for CPUs."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "onnx-model"
    libraries: ClassVar[tuple[str, ...]] = ONNX
    loads_as: ClassVar[str] = "ONNX only"

    kind: Literal["export"]
    opset: int = Field(default=17, ge=14, le=20)
    attention: Literal["fused", "unfused", "measured"] = Field(
        default="fused",
        description="one operator a layer, standard operators, or whichever answers faster in "
        "int8 on this machine",
    )
    lengths: tuple[Tokens, ...] = Field(
        default=(12, 24, 48), min_length=1, description="tokens of the texts that `measured` times"
    )

    @property
    def measures_this_machine(self) -> bool:
        """The faster form is so on the machine that was timed."""
        return self.attention == "measured"


class Fallback(Section):
    """Which operators stay floating: the worst ones, until these limits hold on `validation`.

    The limits are on what was seen, without intervals, against the floating graph; only the gate
    can certify.
    """

    label_loyalty_at_least: Share | None = Field(
        default=None, description="share of texts on which both graphs pick the same label"
    )
    accuracy_drop_at_most: Share | None = Field(
        default=None, description="accuracy of the floating graph minus that of the int8 graph"
    )
    batch_flips_at_most: Share | None = Field(
        default=None, description="decisions in padded batches of 8 and 32 against batch 1"
    )
    most: int = Field(default=4, ge=1, description="operators that may stay floating")

    @property
    def limits(self) -> dict[str, float]:
        """Those that are set, by their names."""
        return self.model_dump(exclude={"most"}, exclude_none=True)


class Quantize(StageSettings):
    """Turn weights, and activations at run time or beforehand, into 8-bit integers."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("onnx-model",)
    gives: ClassVar[str] = "int8-onnx-model"
    may_read: ClassVar[tuple[str, ...]] = ("calibration",)
    libraries: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    loads_as: ClassVar[str] = "ONNX only"
    schemes_of: ClassVar[Mapping[str, tuple[str, ...]]] = {  # settings that not all schemes know
        "format": ("static",),
        "ranges": ("static",),
        "bits": ("weights",),
        "block": ("weights",),
        "per_channel": ("dynamic", "static"),
    }

    kind: Literal["quantize"]
    scheme: Literal["dynamic", "static", "weights"] = Field(
        default="dynamic",
        description="where the ranges of activations come from: dynamic measures them anew for "
        "each answer; static has measured them on `calibration`; weights scales each token by "
        "itself. Only with dynamic can an answer depend on the other texts of a batch",
    )
    per_channel: bool = True
    embeddings: bool = Field(default=True, description="store the embedding tables as int8 too")
    reduce_range: bool = Field(
        default=False,
        description="7-bit weights, for CPUs without VNNI, where 8 bits saturate; nothing to "
        "`scheme: weights`",
    )
    format: Literal["qdq", "qoperator"] = Field(
        default="qdq",
        description="how static writes 8-bit products: qdq in standard operators, between pairs of "
        "QuantizeLinear and DequantizeLinear, which many engines fuse; qoperator as onnxruntime's "
        "own operators of integers, fused attention among them",
    )
    ranges: Literal["minmax", "entropy", "percentile"] = Field(
        default="minmax",
        description="what static takes for a range: all that was seen (minmax), or less, so that "
        "common values are told apart better. Cutting off the few large activations that a "
        "transformer needs has destroyed BERTs, so let the gate judge what is not minmax",
    )
    bits: Literal[4, 8] = Field(default=8, description="of a weight under `scheme: weights`")
    block: Literal[16, 32, 64, 128, 256] = Field(
        default=32, description="weights that share a scale under `scheme: weights`"
    )
    smooth: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="SmoothQuant's alpha: make the channels of activations more even, as seen on "
        "`calibration`, at the cost of the weights that read them. 0.5 is usual, 0.75 did best "
        "here; below 0.5 it does harm",
    )
    fallback: Fallback | None = Field(
        default=None, description="leave the operators floating that 8 bits hurt most"
    )

    @property
    def calibrates(self) -> bool:
        """Whether something is measured on `calibration` that the result rests on."""
        return self.scheme == "static" or self.smooth is not None

    def also_reads(self) -> tuple[str, ...]:
        """The texts on which operators are judged."""
        return ("validation",) if self.fallback else ()

    def idle(self) -> set[str]:
        """What this scheme does not know, and what is not asked for."""
        unasked = {name for name in ("smooth", "fallback") if getattr(self, name) is None}
        known = self.schemes_of.items()
        return unasked | {name for name, schemes in known if self.scheme not in schemes}

    def remarks(self) -> tuple[str, ...]:
        """Where ranges leave values out."""
        if self.scheme != "static" or self.ranges == "minmax":
            return ()
        return (
            f"cuts off the largest activations ({self.ranges}), which has destroyed BERTs; "
            "only the gate can tell",
        )
