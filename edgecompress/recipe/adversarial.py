"""Settings of the stage that looks for texts that fool the model, for others to learn from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from edgecompress.recipe.attacking import ASK_MINILM, MINILM, WORD_LISTS
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.stage import TORCH, StageSettings

Fooling = Literal["deepwordbug", "pwws", "checklist", "textbugger", "word-swap-minilm"]

EXAMPLES: Final = "adversarial-examples"


class AdversarialExamples(StageSettings):
    """Attack the model on texts of `train`, and keep what fools it.

    The model passes by unchanged. Later stages with `adversarial_examples: true` learn these texts
    beside the others, each with the label and the teacher's answer of the text that it was. Which
    model is attacked is decided by where the stage stands: first, it is the teacher, and all
    students may share what is found; behind a `distill` it is that student, which the next
    `distill` then trains on.

    Source: adversarial training, Goodfellow et al. (2015), arXiv:1412.6572, with texts as in
    TextAttack (Morris et al. 2020, arXiv:2005.05909), which attacks anew each epoch.
    """

    version: ClassVar[int] = 1
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = EXAMPLES
    aside: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("train",)
    libraries: ClassVar[tuple[str, ...]] = (*TORCH, "onnxruntime", "textattack", "nltk")
    extras: ClassVar[Mapping[str, str]] = {"textattack": "attack", "nltk": "attack"}
    loads_as: ClassVar[str] = "nobody: it is a list of texts"

    kind: Literal["adversarial-examples"]
    recipes: Annotated[tuple[Fooling, ...], Field(min_length=1)] = Field(
        default=("deepwordbug",),
        description="as in the check `attack`; each attacks every text",
    )
    rows: int | None = Field(
        default=None, ge=1, description="of `train`, with the shares of the labels; by default all"
    )
    most_words: float | None = Field(
        default=0.1,
        gt=0,
        le=1,
        description="share of a text's words that may be changed, rounded up; null is all",
    )
    query_budget: int | None = Field(
        default=None, ge=2, description="answers after which an attacker gives a text up"
    )
    column: Literal["text", "text_pair"] = Field(
        default="text", description="of sentence pairs: which of the two may be changed"
    )

    def origins(self) -> Mapping[str, str]:
        """Word lists, and MiniLM where a recipe asks it."""
        minilm = {"encoder": MINILM} if ASK_MINILM & set(self.recipes) else {}
        return {"words": WORD_LISTS, **minilm}

    @property
    def draws(self) -> bool:
        """Rows, and the letters that an attacker tries."""
        return True


def unread(stages: Sequence[StageSettings]) -> list[int]:
    """Places of such stages that no later stage learns from."""
    return [
        place
        for place, stage in enumerate(stages)
        if stage.gives == EXAMPLES and not any(EXAMPLES in later.uses() for later in stages[place:])
    ]


def states_mistakes(student: int, objective: Objective) -> Iterator[Mistake]:
    """What a student of these texts cannot match: its teacher has read what they were before."""
    for part in ("hidden", "attention", "relations"):
        if getattr(objective, part):
            yield Mistake(
                ("stages", student, "objective", part),
                "matches states token by token, and adversarial examples have other tokens than "
                "what the teacher read; set 0",
            )
