"""The attacks by name: TextAttack's own recipes, and what is built from its parts.

Imported by workers only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from textattack import Attack
from textattack.attack_recipes import (
    CheckList2020,
    DeepWordBugGao2018,
    InputReductionFeng2018,
    PWWSRen2019,
)
from textattack.constraints.grammaticality import PartOfSpeech
from textattack.constraints.pre_transformation import (
    InputColumnModification,
    MaxModificationRate,
    RepeatModification,
    StopwordModification,
)
from textattack.goal_functions import UntargetedClassification
from textattack.search_methods import GreedyWordSwapWIR
from textattack.transformations import (
    CompositeTransformation,
    WordSwapNeighboringCharacterSwap,
    WordSwapRandomCharacterDeletion,
    WordSwapRandomCharacterInsertion,
)

from edgecompress.attacks.swaps import (
    HomoglyphSwap,
    MiniLMSimilarity,
    NeighbourSwap,
    SynonymSwap,
)
from edgecompress.attacks.table import given_neighbours, made_neighbours
from edgecompress.attacks.victim import Victim
from edgecompress.recipe.attacking import COLUMNS

Told = Mapping[str, Any]  # of a method; see `method.Method.told`


def build(victim: Victim, method: Told) -> Attack:
    """The attack that a method names, ready for one text after another."""
    attack = BUILDERS[method["recipe"]](victim, method)
    if method["query_budget"] is not None:
        attack.goal_function.query_budget = method["query_budget"]
    if "most_words" in method:
        attack.pre_transformation_constraints.append(MaxModificationRate(method["most_words"]))
    if method["column"] is not None:
        others = set(COLUMNS) - {method["column"]}
        attack.pre_transformation_constraints.append(InputColumnModification([*COLUMNS], others))
    return attack


def _textbugger(victim: Victim, method: Told) -> Attack:
    """Li et al. (2018), arXiv:1812.05271, section III: five kinds of bugs, at most five neighbours.

    As TextAttack's recipe, but for the table of look-alikes, the neighbours and the encoder.
    """
    inner = {"random_one": True, "skip_first_char": True, "skip_last_char": True}
    transformation = CompositeTransformation(
        [
            WordSwapRandomCharacterInsertion(letters_to_insert=" ", **inner),
            WordSwapRandomCharacterDeletion(**inner),
            WordSwapNeighboringCharacterSwap(**inner),
            HomoglyphSwap(),
            SynonymSwap(made_neighbours(Path(method["files"]["words"]), candidates=5)),
        ]
    )
    similar = MiniLMSimilarity(Path(method["files"]["encoder"]), threshold=0.8)
    return _word_by_word(victim, transformation, [similar])


def _word_swap(victim: Victim, method: Told, swap: NeighbourSwap) -> Attack:
    """The search and the constraints of Jin et al. (2020), arXiv:1907.11932, with other parts."""
    thresholds = method["thresholds"]
    similar = MiniLMSimilarity(
        Path(method["files"]["encoder"]),
        threshold=thresholds["sentence_similarity"],
        metric="angular",
        compare_against_original=False,
        window_size=thresholds["window"],
        skip_text_shorter_than_window=True,
    )
    return _word_by_word(victim, swap, [PartOfSpeech(allow_verb_noun_swap=True), similar])


def _word_swap_minilm(victim: Victim, method: Told) -> Attack:
    words, thresholds = Path(method["files"]["words"]), method["thresholds"]
    near = made_neighbours(words, thresholds["candidates"], thresholds["word_similarity"])
    return _word_swap(victim, method, SynonymSwap(near))


def _word_swap_table(victim: Victim, method: Told) -> Attack:
    words, thresholds = Path(method["files"]["words"]), method["thresholds"]
    near = given_neighbours(words, thresholds["candidates"])
    return _word_swap(victim, method, NeighbourSwap(near))


def _word_by_word(victim: Victim, transformation: Any, constraints: list[Any]) -> Attack:
    """The most important word first, by what its deletion does; no word twice, no stop words."""
    words = [RepeatModification(), StopwordModification()]
    goal, search = UntargetedClassification(victim), GreedyWordSwapWIR(wir_method="delete")
    return Attack(goal, [*words, *constraints], transformation, search)


BUILDERS: Final[Mapping[str, Callable[[Victim, Told], Attack]]] = {
    "deepwordbug": lambda victim, _: DeepWordBugGao2018.build(victim),
    "pwws": lambda victim, _: PWWSRen2019.build(victim),
    "input-reduction": lambda victim, _: InputReductionFeng2018.build(victim),
    "checklist": lambda victim, _: CheckList2020.build(victim),
    "textbugger": _textbugger,
    "word-swap-minilm": _word_swap_minilm,
    "word-swap-table": _word_swap_table,
}
