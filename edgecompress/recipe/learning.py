"""Settings of the stages that train: fine-tuning, distillation, replacing, rounding, difficulty."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.adversarial import EXAMPLES
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.section import Section
from edgecompress.recipe.stage import TORCH, StageSettings, TrainingSettings

Positive = Annotated[int, Field(ge=1)]


class Finetune(TrainingSettings):
    """Train on the labels of `train`; this is how a pretrained encoder becomes a teacher."""

    version: ClassVar[int] = 2
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


class Augment(Section):
    """More unlabelled texts: words of the texts of `train` replaced by likely others.

    Source: Jiao et al. (2020), TinyBERT, arXiv:1909.10351, section 4.1 and algorithm 1.
    """

    rows: int = Field(ge=1, description="how many texts to make; the teacher labels them")
    replace: float = Field(default=0.4, gt=0, le=1, description="share of the words replaced")
    candidates: int = Field(default=15, ge=1, le=200, description="other words to choose among")
    masked_model: str | None = Field(
        default=None,
        description="folder of a masked language model, which proposes words by context; without "
        "it the nearest words of the teacher's own word table are proposed",
    )


class Student(TrainingSettings):
    """What all stages share that teach a student by a teacher's answers."""

    reads: ClassVar[tuple[str, ...]] = ("train",)
    may_read: ClassVar[tuple[str, ...]] = ("validation", "transfer")
    needs_teacher: ClassVar[bool] = True

    objective: Objective = Objective()
    learn_from: Literal["teacher", "input"] = Field(
        default="teacher",
        description="whose answers are learnt: the recipe's teacher's, or those of the model that "
        "enters this stage (an intermediate teacher)",
    )
    transfer_epochs: int = Field(
        default=1,
        ge=0,
        description="epochs over texts without labels, `transfer` and changed ones, before `train`",
    )
    adversarial_radius: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="learn every other text with its word vectors pushed, by this share of their "
        "length, to where the loss rises fastest; 0.2 makes students sturdier where words "
        "are exchanged, and training a quarter longer; 0 is without",
    )

    adversarial_examples: bool = Field(
        default=False,
        description="learn beside `train` the texts that an earlier `adversarial-examples` stage "
        "found, each with the label and the teacher's answer of the text that it was",
    )

    def idle(self) -> set[str]:
        """Adversaries that are not there."""
        adversaries = ("adversarial_radius", "adversarial_examples")
        return super().idle() | {name for name in adversaries if not getattr(self, name)}

    def uses(self) -> tuple[str, ...]:
        """Scores and texts of earlier stages, where they are asked for."""
        scores = ("difficulty",) if self.objective.wants_difficulty else ()
        return (*scores, *((EXAMPLES,) if self.adversarial_examples else ()))


class Distill(Student):
    """Train a student, with fewer layers or all, to answer as its teacher does."""

    version: ClassVar[int] = 4
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["distill"]
    layers: int | tuple[Annotated[int, Field(ge=0)], ...] | None = Field(
        default=None,
        description="how many layers the student has (evenly spaced, both ends kept), "
        "or which layers of its origin it copies, counted from 0; default all",
    )
    weights: str = Field(
        default="input",
        description="where the student's first weights come from: `input` (the model that enters "
        "this stage), or a resource or folder of another encoder",
    )
    augment: Augment | None = Field(
        default=None, description="also learn from texts of `train` with words replaced"
    )

    def origins(self) -> Mapping[str, str]:
        """The student's first weights, and the masked model that proposes words."""
        named = {"weights": self.weights} if self.weights != "input" else {}
        if self.augment and self.augment.masked_model:
            named["augment.masked_model"] = self.augment.masked_model
        return named


class Qat(Student):
    """Train a student on while it answers with 8-bit weights and activations, as it will ship.

    For students that `quantize` hurts. The result is an ordinary network of floats, in which 8 bits
    change little.

    Source: Jacob et al. (2018), arXiv:1712.05877, section 3.
    """

    version: ClassVar[int] = 3
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["qat"]
    scheme: Literal["dynamic", "static"] = Field(
        default="dynamic", description="of the `quantize` stage that comes later"
    )
    embeddings: bool = Field(default=True, description="of that stage, too")
    reduce_range: bool = Field(default=False, description="of that stage, too")
    epochs: int = Field(default=2, ge=1, le=1000)
    learning_rate: float = Field(default=3e-5, gt=0, le=1)
    transfer_epochs: int = Field(
        default=0, ge=0, description="epochs over texts without labels before `train`"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="fp32", description="bf16 keeps 8 bits itself, which blurs what is to be learnt"
    )


class Replacing(Section):
    """How likely a module is replaced by its successor, as training goes on.

    Source: Xu et al. (2020), BERT-of-Theseus, arXiv:2002.02925, section 3; `blend` is Luo et al.
    (2025), arXiv:2511.18670.
    """

    schedule: Literal["curriculum", "constant", "anti-curriculum", "blend"] = Field(
        default="curriculum",
        description="curriculum: the rate climbs in a line from `rate` to 1; constant: it stays; "
        "anti-curriculum: it falls (for comparison only); blend: no chance, a weighted mean of "
        "both modules whose weight moves to the successor",
    )
    rate: float = Field(
        default=0.3, gt=0, le=1, description="replacing rate p at the start; unused by blend"
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="share of all steps that replaces; after it the successor is trained alone",
    )


class Theseus(Student):
    """Replace modules of the model by single layers, at random, until only these are left."""

    version: ClassVar[int] = 3
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["theseus"]
    warmup_ratio: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of steps that warm up; a climbing replacing rate warms up by itself, "
        "since each layer is trained only in so many steps",
    )
    modules: int | tuple[Positive, ...] = Field(
        description="how many modules the layers are cut into, as evenly as can be, or how many "
        "layers each module has; the successor has one layer for each",
    )
    start: Literal["bottom", "first", "last", "mean"] = Field(
        default="bottom",
        description="first weights of the successor's layers: the model's bottom layers (as the "
        "paper), the first or last layer of each module, or its mean",
    )
    replacing: Replacing = Replacing()
    rest: Literal["frozen", "late", "trained"] = Field(
        default="frozen",
        description="embeddings and head: never trained, trained once replacing is over, or always",
    )
    objective: Objective = Objective(logits=0.0, labels=1.0)


class Difficulty(TrainingSettings):
    """Score how hard each training text is: how much its loss varies across pruned models.

    Source: Du et al. (2021), arXiv:2110.08419, section 5.
    """

    version: ClassVar[int] = 2
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "difficulty"
    aside: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("train",)
    may_read: ClassVar[tuple[str, ...]] = ("validation",)
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "nobody: it is a table of scores"

    kind: Literal["difficulty"]
    method: Literal["runs", "gradual", "one-shot"] = Field(
        default="one-shot",
        description="runs: a training with pruning for each sparsity (as the paper); gradual: one "
        "training whose sparsity climbs, seen at each; one-shot: the model pruned without training",
    )
    sparsities: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=2)] = (
        Field(
            default=(0.1, 0.2, 0.3, 0.4, 0.5),
            description="shares of the encoder's weights, rising; as the paper, 0.2 to 0.85, only "
            "for large models that are trained for long, since small ones collapse",
        )
    )
    alpha: float = Field(default=0.3, gt=0, lt=1, description="d of the easiest texts")
    winsor: float = Field(
        default=0.05,
        ge=0,
        lt=0.5,
        description="share of texts at either end whose variance counts as the next one's, so "
        "that no single text sets the scale; 0 is the paper's plain minimum and maximum",
    )
    keep_collapsed: bool = Field(
        default=False,
        description="also use pruned models below 90 % of the accuracy of the model that came in; "
        "they answer all texts alike, which makes easy texts look hard",
    )

    @property
    def draws(self) -> bool:
        """Pruning without training draws nothing."""
        return self.method != "one-shot"
