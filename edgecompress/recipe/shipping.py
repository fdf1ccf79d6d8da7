"""Settings of the stages that make what ships: the ONNX graph and its int8 form."""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.stage import ONNX, StageSettings


class Export(StageSettings):
    """Write the network as an ONNX graph, with attention fused for CPUs."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "onnx-model"
    libraries: ClassVar[tuple[str, ...]] = ONNX
    loads_as: ClassVar[str] = "ONNX only"

    kind: Literal["export"]
    opset: int = Field(default=17, ge=14, le=20)
    attention: Literal["fused", "unfused"] = "fused"


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
