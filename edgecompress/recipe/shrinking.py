"""Settings of the stages that take structure away: pruning, factorization, vocabulary."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgecompress.recipe.learning import Student
from edgecompress.recipe.stage import TORCH, StageSettings

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Each = Annotated[tuple[Count | Share, ...], Field(min_length=1)]
Layers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


class Prune(Student):
    """Remove heads, feed-forward neurons and layers that matter least, and train what is left.

    Source: Liu et al. (2021), ROSITA, arXiv:2103.11367; latency targets after Kurtic et al.
    (2023), ZipLM, arXiv:2302.04089.
    """

    version: ClassVar[int] = 3
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = (*TORCH, "onnx", "onnxruntime")
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["prune"]
    heads: Count | Share | Each | None = Field(
        default=None,
        description="heads to keep in each layer, or the share of them; a list has a number for "
        "each layer that is kept",
    )
    intermediate: Count | Share | Each | None = Field(
        default=None,
        description="feed-forward neurons to keep in each layer, or the share of them; or a list",
    )
    layers: Count | Share | Layers | None = Field(
        default=None,
        description="layers to keep from the bottom, or the share of them; a list names the layers "
        "to keep, counted from 0",
    )
    speedup: float | None = Field(
        default=None,
        gt=1,
        le=100,
        description="instead of heads and neurons: how many times faster the int8 layers must "
        "answer on this machine; what goes is what costs most time for the least loss",
    )
    sparsity: Share | None = Field(
        default=None,
        description="instead of structure: share of single weights set to zero, for experiments; "
        "ONNX Runtime gets no faster by it",
    )
    importance: Literal["taylor", "fisher", "magnitude", "random"] = Field(
        default="taylor",
        description="what closing a gate behind a head or neuron would do to the loss, to first "
        "order (taylor) or squared (fisher); magnitude: norms of weights; random is a control",
    )
    ranking: Literal["uniform", "global"] = Field(
        default="uniform",
        description="uniform: every layer keeps as many; global: the least important of all "
        "layers go, so that layers differ in width",
    )
    scoring_rows: int = Field(default=1024, ge=1, description="texts of `train` that scores use")
    multiple_of: int = Field(
        default=16, ge=1, le=256, description="neurons kept are rounded to it, for int8 kernels"
    )
    rounds: int = Field(default=1, ge=1, le=100, description="1: all at once, before training")
    pruning_share: float = Field(
        default=0.2, gt=0, le=1, description="share of the steps over which the rounds are spread"
    )
    repair: Literal["none", "least-squares"] = Field(
        default="least-squares",
        description="after a cut, the output matrices are fitted to the answers of the uncut layer",
    )
    epochs: int = Field(default=3, ge=0, le=1000, description="0: no training at all")

    def remarks(self) -> tuple[str, ...]:
        """Zeros are not speed."""
        if self.sparsity is None:
            return ()
        return (
            "sets single weights to zero: for experiments, since ONNX Runtime computes zeros as "
            "any number; the model gets neither faster nor smaller",
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but depth is pruned."""
        wishes = (self.heads, self.intermediate, self.speedup, self.sparsity)
        return any(wish is not None for wish in wishes)

    @property
    def measures_this_machine(self) -> bool:
        """A latency target is met on the machine where it was measured."""
        return self.speedup is not None


class Factorize(StageSettings):
    """Replace wide matrices by two thin ones (truncated SVD).

    Source: Liu et al. (2021), ROSITA, arXiv:2103.11367, for the word table.
    """

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    may_read: ClassVar[tuple[str, ...]] = ("train", "transfer")
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["factorize"]
    embeddings: Count | Share | None = Field(
        default=None, description="rank of the word table, or the share of its energy to keep"
    )
    attention: Count | Share | None = Field(
        default=None, description="the same for query, key, value and output matrices"
    )
    feed_forward: Count | Share | None = Field(
        default=None, description="the same for both feed-forward matrices"
    )
    weighting: Literal["plain", "frequency"] = Field(
        default="frequency",
        description="frequency: rows of the word table count by how often the texts use them",
    )
    multiple_of: int = Field(default=16, ge=1, le=256, description="ranks are rounded up to it")


class Vocabulary(StageSettings):
    """Keep the word pieces that the texts use, and enough single characters to spell the rest."""

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    reads: ClassVar[tuple[str, ...]] = ("train",)
    may_read: ClassVar[tuple[str, ...]] = ("transfer",)
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["vocabulary"]
    min_count: int = Field(
        default=1, ge=1, description="uses in the texts below which a piece goes"
    )
    pieces: int | None = Field(
        default=None,
        ge=64,
        description="keep at most so many, the most frequent first; special tokens and single "
        "characters stay and are counted",
    )
    positions: bool = Field(
        default=True, description="also cut the table of positions to the length in force"
    )
