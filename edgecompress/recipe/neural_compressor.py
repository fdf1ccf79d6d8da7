"""Settings of the stage that hands the network to Intel's neural-compressor."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.stage import ONNX, StageSettings


class NeuralCompressor(StageSettings):
    """Let Intel's neural-compressor make the 8-bit graph, instead of `export` and `quantize`."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "int8-onnx-model"
    reads: ClassVar[tuple[str, ...]] = ("calibration",)
    may_read: ClassVar[tuple[str, ...]] = ("validation",)
    libraries: ClassVar[tuple[str, ...]] = (*ONNX, "onnxscript", "neural_compressor", "torchao")
    extras: ClassVar[Mapping[str, str]] = {"neural_compressor": "inc", "torchao": "inc"}
    loads_as: ClassVar[str] = "ONNX only"

    kind: Literal["neural-compressor"]
    mode: Literal["static", "smooth", "autotune"] = Field(
        default="static",
        description="static: ranges of activations from `calibration`; autotune: neural-compressor "
        "tries its own ranges and symmetries until one decides closely enough as the network does; "
        "smooth is refused, since its SmoothQuant needs a library that ended before this torch",
    )
    ranges: Literal["minmax", "kl"] = Field(
        default="minmax",
        description="of `static`; minmax is a moving average of minima and maxima, kl a histogram",
    )
    flips_at_most: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="of `autotune`: share of the texts of `validation`, else of `calibration`, "
        "that may be decided otherwise than in floats",
    )
    trials: int = Field(default=4, ge=1, le=4, description="of `autotune`, at most")
    embeddings: bool = Field(
        default=True,
        description="store the embedding tables as int8 too, which neural-compressor does not",
    )

    @property
    def refused(self) -> str | None:
        """Why the mode cannot work, where it cannot."""
        if self.mode != "smooth":
            return None
        return (
            "neural-compressor's SmoothQuant imports intel_extension_for_pytorch, whose last "
            "release (2.8.0) is older than any torch that edgecompress runs on; set static or "
            "autotune, or export and `quantize`"
        )
