"""What every stage declares about itself, and the knobs that all trainings share.

The class variables and methods are for `plan`: what a stage takes and gives, which data roles,
other models and side artifacts it uses, and which libraries can change its result.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.section import Section

TORCH = ("torch", "transformers", "tokenizers")
ONNX = ("torch", "onnx", "onnxruntime")


class StageSettings(Section):
    """What every stage declares about itself."""

    version: ClassVar[int]  # raise when the mathematics changes, never for a refactor
    takes: ClassVar[tuple[str, ...]]  # kinds of artifact it can start from
    gives: ClassVar[str]
    aside: ClassVar[bool] = False  # its artifact is for later stages; the model passes by unchanged
    reads: ClassVar[tuple[str, ...]] = ()  # data roles it must have
    may_read: ClassVar[tuple[str, ...]] = ()  # data roles it uses where the recipe has them
    libraries: ClassVar[tuple[str, ...]] = ()
    extras: ClassVar[Mapping[str, str]] = {}  # library -> extra that brings it; others: "build"
    unkeyed: ClassVar[set[str]] = set()  # settings that cannot change the result
    needs_teacher: ClassVar[bool] = False
    loads_as: ClassVar[str]  # who can load the result: "Hugging Face", "edgecompress", "ONNX only"

    def origins(self) -> Mapping[str, str]:
        """Other models that it starts from: key of the setting -> `resource:NAME` or a folder."""
        return {}

    def uses(self) -> tuple[str, ...]:
        """Kinds of the earlier stages whose side artifacts it reads."""
        return ()

    def also_reads(self) -> tuple[str, ...]:
        """Data roles that it must have because of these settings, beside `reads`."""
        return ()

    def idle(self) -> set[str]:
        """Settings that change nothing beside the others; the key need not know them."""
        return set()

    def remarks(self) -> tuple[str, ...]:
        """What somebody who plans with these settings should be told."""
        return ()

    @property
    def draws(self) -> bool:
        """Whether chance decides anything, so that another seed gives another result."""
        return False

    @property
    def measures_this_machine(self) -> bool:
        """Whether timings decide the result, so that another machine's cannot stand in."""
        return False


class TrainingSettings(StageSettings):
    """The knobs of the one training loop."""

    unkeyed: ClassVar[set[str]] = {"checkpoint_every"}

    epochs: int = Field(default=3, ge=1, le=1000)
    learning_rate: float = Field(default=5e-5, gt=0, le=1)
    batch_size: int = Field(default=32, ge=1, le=4096)
    max_length: int = Field(default=128, ge=8, le=512, description="tokens a text is cut to")
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1, description="share of steps that warm up")
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="of every layer that learns, while it does; by default what the model's "
        "configuration says. 0 suits a small student with many texts, which fits too little rather "
        "than too much",
    )
    max_grad_norm: float = Field(default=1.0, gt=0, description="clip over trained weights only")
    patience: int | None = Field(
        default=None, ge=1, description="stop after so many epochs without a better validation"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="auto: bf16 autocast where the CPU has it"
    )
    checkpoint_every: int = Field(
        default=200, ge=1, description="optimizer steps between resumable checkpoints"
    )

    def idle(self) -> set[str]:
        """A dropout that is left to the model."""
        return super().idle() | ({"dropout"} if self.dropout is None else set())

    @property
    def draws(self) -> bool:
        """The order of the rows, dropout, and weights that start anew."""
        return True
