"""The parts of a distillation loss, as a recipe writes them."""

from typing import Annotated, Literal, Self

from pydantic import Field

from edgecompress.recipe.section import Section

Smooth = Annotated[float, Field(gt=0, le=1)] | Literal["difficulty", "mean-difficulty"]


class Objective(Section):
    """Weights of the parts of the distillation loss; a part with weight 0 is not computed."""

    logits: float = Field(default=1.0, ge=0, description="KL to the teacher at `temperature`")
    labels: float = Field(default=0.0, ge=0, description="cross-entropy to the labels of `train`")
    hidden: float = Field(default=0.0, ge=0, description="MSE between mapped hidden states")
    attention: float = Field(default=0.0, ge=0, description="KL between mapped attention maps")
    relations: float = Field(
        default=0.0,
        ge=0,
        description="KL between the last layers' query, key and value relations (MiniLMv2); "
        "works for students of any width",
    )
    temperature: float = Field(default=2.0, gt=0, le=100)
    smooth: Smooth | None = Field(
        default=None,
        description="exponent d of the teacher's probabilities: `difficulty` takes each text's own "
        "from an earlier `difficulty` stage (RMC), `mean-difficulty` their mean for all texts (its "
        "control), a number that number; only a number also smooths on unlabelled texts",
    )
    reweight: Literal["focal", "jtt"] | None = Field(
        default=None,
        description="weights of the texts in the loss, mean 1 in a batch: `focal` by how sure the "
        "student is of the label, `jtt` double where the models of an earlier `difficulty` stage "
        "are wrong",
    )

    @property
    def parts(self) -> tuple[float, ...]:
        """All weights; a loss needs one that is not 0."""
        return (self.logits, self.labels, self.hidden, self.attention, self.relations)

    @property
    def asks_teacher(self) -> bool:
        """Whether any part is about what the teacher says; labels alone need nobody's answers."""
        return bool(self.logits) or self.wants_states

    @property
    def wants_states(self) -> bool:
        """Whether the teacher's inner states are needed beside its logits."""
        return any((self.hidden, self.attention, self.relations))

    @property
    def wants_difficulty(self) -> bool:
        """Whether it reads the scores of a `difficulty` stage."""
        return isinstance(self.smooth, str) or self.reweight == "jtt"

    def on_unlabelled(self) -> Self:
        """What texts without labels teach: the teacher's logits alone.

        They have no difficulty either, so only a smoothing by a number stays. Inner states of so
        many texts would fill a disk.
        """
        number = self.smooth if isinstance(self.smooth, float) else None
        return type(self)(temperature=self.temperature, smooth=number)
