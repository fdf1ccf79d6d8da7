"""Settings of the stages that make what ships: the ONNX graph and its int8 form."""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.stage import ONNX, StageSettings
from edgecompress.recipe.target import Tokens


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


class Quantize(StageSettings):
    """Turn weights, and activations at run time or beforehand, into 8-bit integers."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("onnx-model",)
    gives: ClassVar[str] = "int8-onnx-model"
    may_read: ClassVar[tuple[str, ...]] = ("calibration",)
    libraries: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    loads_as: ClassVar[str] = "ONNX only"

    kind: Literal["quantize"]
    scheme: Literal["dynamic", "static"] = Field(
        default="dynamic", description="static measures activation ranges on `calibration`"
    )
    per_channel: bool = True
    embeddings: bool = Field(default=True, description="store the embedding tables as int8 too")
    reduce_range: bool = Field(
        default=False, description="7-bit weights, for CPUs without VNNI, where 8 bits saturate"
    )
