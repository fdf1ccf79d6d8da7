"""The check that attacks: how many right answers survive somebody who rewords the text?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from edgecompress.core import power
from edgecompress.recipe.check import CheckSettings, Claim, Limited, Share

AttackRecipe = Literal[
    "deepwordbug",
    "pwws",
    "input-reduction",
    "checklist",
    "textbugger",
    "word-swap-minilm",
    "word-swap-table",
]

COLUMNS: Final = ("text", "text_pair")
WORD_LISTS: Final = "resource:nltk-data"
MINILM: Final = "resource:minilm-l6"
ASK_MINILM: Final = frozenset({"textbugger", "word-swap-minilm", "word-swap-table"})
MADE_NEIGHBOURS: Final = frozenset({"textbugger", "word-swap-minilm"})
WORD_SWAPS: Final = frozenset({"word-swap-minilm", "word-swap-table"})
REDUCTION: Final = "input-reduction"
"""Asks how little of a text keeps the answer, so it says nothing of answers that survive."""

# Under attack a student and its teacher are right on other rows more often than on the texts as
# they were: about every sixth row, as seen on reviews.
_DROP = power.Difference(disagreement=0.17)


class Attack(CheckSettings):
    """How many right answers survive somebody who changes the text and asks again?

    TextAttack's own recipes and parts attack teacher and candidate, each anew, one text at a time,
    and every success is asked once more before it counts. `deepwordbug`, `pwws` and
    `input-reduction` are as TextAttack ships them. `checklist` is too, but finds names by lookup in
    TextAttack's lists instead of flair's tagger. `textbugger` has a table of look-alike letters of
    our own, and MiniLM's vectors for neighbours of words and likeness of sentences. The word swaps
    search as TextFooler does (Jin et al. 2020, arXiv:1907.11932), with NLTK's stop words and
    MiniLM as the sentence encoder; their neighbours are those of MiniLM's word vectors, without
    WordNet's antonyms, or those of the file `neighbours`. None of them is TextFooler: figures are
    comparable within one version of this check alone. Whole pages take hours; set `query_budget`.
    Where nearly every text falls, models cannot be told apart; set `most_words`. Both then stand in
    the attack's name.
    """

    limited: ClassVar[Mapping[str, Limited]] = {
        "max_drop_from_teacher": Limited("after_attack_drop", "at_most", _DROP),
        "after_attack_at_least": Limited("after_attack_accuracy", "at_least", power.Share()),
    }
    libraries: ClassVar[tuple[str, ...]] = ("textattack", "nltk")
    extra: ClassVar[str] = "attack"

    check: Literal["attack"]
    data: str = "test"
    recipes: Annotated[tuple[AttackRecipe, ...], Field(min_length=1)]
    rows: int = Field(default=200, ge=1, description="drawn once, with the shares of the labels")
    max_drop_from_teacher: Share | None = Field(
        default=None, description="after-attack accuracy, teacher minus candidate; by each attack"
    )
    after_attack_at_least: Share | None = Field(
        default=None, description="share of the rows still answered rightly; by each attack"
    )
    query_budget: int | None = Field(
        default=None, ge=2, description="answers after which an attacker gives a text up"
    )
    most_words: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of a text's words that may be changed, rounded up; by default all",
    )
    column: Literal["text", "text_pair"] = Field(
        default="text", description="of sentence pairs: which of the two may be changed"
    )
    neighbours: str | None = Field(
        default=None,
        description='for `word-swap-table`: a .json or .json.gz file {"word": ["neighbour", ...]}, '
        "the nearest first; with the counter-fitted vectors' this is TextFooler's own table",
    )
    candidates: int = Field(default=50, ge=1, le=50, description="neighbours tried for a word")
    word_similarity: float = Field(
        default=0.5, ge=-1, le=1, description="`word-swap-minilm`: least cosine of a neighbour"
    )
    sentence_similarity: float = Field(
        default=0.840845057,
        ge=0,
        le=1,
        description="word swaps: least angular similarity of the texts around the word",
    )
    window: int = Field(
        default=15,
        ge=1,
        description="word swaps: words around it; shorter texts are not held to similarity",
    )

    def sources(self) -> tuple[str, ...]:
        """Word lists, MiniLM, the table of neighbours."""
        asked = set(self.recipes)
        table = self.neighbours if "word-swap-table" in asked else None
        minilm = MINILM if asked & ASK_MINILM else None
        return tuple(filter(None, (WORD_LISTS, minilm, table)))

    def claims(self, rows: int, classes: int) -> Iterator[Claim]:
        """Limits rest on the rows that are attacked."""
        for claim in super().claims(min(rows, self.rows), classes):
            yield replace(claim, by=self.recipes)
