"""The settings of each stage: what a user may write under `teacher.finetune` and `stages`.

The class variables are for `plan`: what a stage takes and gives, which data roles it reads, which
libraries can change its result, and the version of its mathematics.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.section import Section

TORCH = ("torch", "transformers", "tokenizers")
ONNX = ("torch", "onnx", "onnxruntime")


class StageSettings(Section):
    """What every stage declares about itself."""

    version: ClassVar[int]  # raise when the mathematics changes, never for a refactor
    takes: ClassVar[tuple[str, ...]]  # kinds of artifact it can start from
    gives: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()  # data roles it must have
    may_read: ClassVar[tuple[str, ...]] = ()  # data roles it uses where the recipe has them
    libraries: ClassVar[tuple[str, ...]] = ()
    unkeyed: ClassVar[set[str]] = set()  # settings that cannot change the result
    needs_teacher: ClassVar[bool] = False
    loads_as: ClassVar[str]  # who can load the result: "Hugging Face", "edgecompress", "ONNX only"


class TrainingSettings(StageSettings):
    """The knobs of the one training loop."""

    unkeyed: ClassVar[set[str]] = {"checkpoint_every"}

    epochs: int = Field(default=3, ge=1, le=1000)
    learning_rate: float = Field(default=5e-5, gt=0, le=1)
    batch_size: int = Field(default=32, ge=1, le=4096)
    max_length: int = Field(default=128, ge=8, le=512, description="tokens a text is cut to")
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1, description="share of steps that warm up")
    weight_decay: float = Field(default=0.01, ge=0, le=1)
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


class Finetune(TrainingSettings):
    """Train on the labels of `train`; this is how a pretrained encoder becomes a teacher."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("pretrained", "torch-model")
    gives: ClassVar[str] = "torch-model"
    reads: ClassVar[tuple[str, ...]] = ("train",)
    may_read: ClassVar[tuple[str, ...]] = ("validation",)
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "Hugging Face"

    kind: Literal["finetune"] = "finetune"


class Adopt(StageSettings):
    """Take a classifier that is already fine-tuned as it is, after checking its labels."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("pretrained",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "Hugging Face"

    kind: Literal["adopt"] = "adopt"
    max_length: int = Field(default=128, ge=8, le=512, description="tokens a text is cut to")


class Objective(Section):
    """Weights of the parts of the distillation loss; a part with weight 0 is not computed."""

    logits: float = Field(default=1.0, ge=0, description="KL to the teacher at `temperature`")
    labels: float = Field(default=0.0, ge=0, description="cross-entropy to the labels of `train`")
    hidden: float = Field(default=0.0, ge=0, description="MSE between mapped hidden states")
    attention: float = Field(default=0.0, ge=0, description="KL between mapped attention maps")
    temperature: float = Field(default=2.0, gt=0, le=100)


class Distill(TrainingSettings):
    """Train a student with fewer layers to answer as its teacher does."""

    version: ClassVar[int] = 2
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    reads: ClassVar[tuple[str, ...]] = ("train",)
    may_read: ClassVar[tuple[str, ...]] = ("validation", "transfer")
    libraries: ClassVar[tuple[str, ...]] = TORCH
    needs_teacher: ClassVar[bool] = True
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["distill"]
    layers: int | tuple[Annotated[int, Field(ge=0)], ...] = Field(
        description="how many layers the student has (evenly spaced, both ends kept), "
        "or which layers of its origin it copies, counted from 0"
    )
    weights: str = Field(
        default="input",
        description="where the student's first weights come from: `input` (the model that enters "
        "this stage), or a resource or folder of another encoder",
    )
    objective: Objective = Objective()
    transfer_epochs: int = Field(
        default=1, ge=1, description="epochs over the unlabelled `transfer` texts, before `train`"
    )


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


STAGES: dict[str, type[StageSettings]] = {
    "finetune": Finetune,
    "adopt": Adopt,
    "distill": Distill,
    "export": Export,
    "quantize": Quantize,
}

AnyStage = Annotated[Finetune | Distill | Export | Quantize, Field(discriminator="kind")]
