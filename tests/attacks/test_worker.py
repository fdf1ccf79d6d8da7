"""The attacks themselves, on a model that adds up words, by workers without a network."""

from pathlib import Path

import pytest

from edgecompress.attacks.method import Method
from edgecompress.attacks.neighbours import write_neighbours
from edgecompress.core.progress import Silent
from edgecompress.recipe.attacking import COLUMNS
from tests.attacks.conftest import SCORES, Attacker
from tests.attacks.word_models import write_word_model

THRESHOLDS = {"candidates": 8, "sentence_similarity": 0.5, "window": 15, "word_similarity": -1.0}
ROWS = [
    ("this film is good", 1),
    ("the plot was awful", 0),  # without "awful" a tie, which goes to the first label
    ("it is bad", 1),  # answered wrongly
    ("a great film , a good plot", 1),
    ("good", 1),
    ("nothing that anybody knows", 1),
    ("a brilliant director", 1),
]


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


@pytest.mark.parametrize("recipe", ["deepwordbug", "pwws"])
def test_outcomes_are_those_of_stock_textattack(attack: Attacker, recipe: str):
    rows = [(f"{text} {number}", label) for number in range(5) for text, label in ROWS]
    assert attack(Method(recipe), rows) == attack(Method(recipe), rows, stock=True)


def test_a_misspelt_word_says_nothing_any_more(attack: Attacker):
    found = attack(Method("deepwordbug"), ROWS)
    assert kinds(found)[:3] == ["succeeded", "failed", "skipped"]


def test_a_wrong_answer_costs_one_query_and_is_not_attacked(attack: Attacker):
    assert [o.queries for o in attack(Method("pwws"), ROWS) if o.kind == "skipped"] == [1, 1]


def test_a_synonym_takes_the_place_of_a_word(attack: Attacker):
    # of the synonyms of "good", only "fine" says something against it
    (found,) = attack(Method("pwws"), [("this plot is good", 1)])
    assert (found.kind, found.text) == ("succeeded", "this plot is fine")


def test_a_budget_ends_the_search(attack: Attacker):
    free, short = (
        attack(Method("pwws", budget), [("a great film , a good plot", 1)])[0]
        for budget in (None, 3)
    )
    assert (free.kind, short.kind, short.queries) == ("succeeded", "failed", 3)


def test_no_more_words_are_changed_than_a_bound_allows(attack: Attacker):
    text = "a good film , a good plot and a good score"  # ten words: "," is none
    free, two, one = (
        attack(Method("deepwordbug", None, most), [(text, 1)])[0] for most in (None, 0.2, 0.1)
    )
    assert kinds([free, two, one]) == ["succeeded", "failed", "failed"]


def test_words_that_do_not_matter_are_left_out(attack: Attacker):
    (found,) = attack(Method("input-reduction"), [("this long long plot is good", 1)])
    assert (found.kind, "good" in found.text) == ("reduced", True)
    assert len(found.text.split()) < 6


def test_names_are_found_by_lookup(attack: Attacker):
    # "Paris" is all that speaks for the label; checklist swaps it for another city
    (found,) = attack(Method("checklist"), [("a poor film in Paris", 1)])
    assert (found.kind, "Paris" in found.text) == ("succeeded", False)


def test_classes_in_another_order_are_put_into_that_of_the_labels(attack: Attacker):
    row = ("a good film", 1)
    (plain,), (turned,) = (attack(Method("pwws"), [row], order) for order in ((), (1, 0)))
    assert plain.kind != "skipped"
    assert turned.kind == "skipped"  # its first class is now the second


@pytest.fixture(scope="module")
def made_table(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neighbours")
    write_neighbours(minilm, folder, Silent())
    return folder


@pytest.mark.parametrize("recipe", ["textbugger", "word-swap-minilm"])
def test_attacks_with_made_neighbours_run(
    attack: Attacker, minilm: Path, made_table: Path, recipe: str
):
    files = {"encoder": minilm, "words": made_table}
    found = attack(Method(recipe, thresholds=THRESHOLDS, files=files), ROWS)
    assert "succeeded" in kinds(found)
    assert "unattackable" not in kinds(found)


def test_a_table_of_neighbours_can_be_given(attack: Attacker, minilm: Path, tmp_path: Path):
    (tmp_path / "table.json").write_text('{"good": ["great", "fine"]}')
    files = {"encoder": minilm, "words": tmp_path / "table.json"}
    method = Method("word-swap-table", thresholds=THRESHOLDS, files=files)
    (found,) = attack(method, [("The plot is GOOD", 1)])
    assert found.text == "The plot is FINE"


@pytest.mark.parametrize("column", [0, 1])
def test_of_a_pair_only_the_chosen_text_is_changed(attack: Attacker, column: int):
    pair = ("good plot", "good plot")
    (found,) = attack(Method("input-reduction", column=COLUMNS[column]), [(pair, 1)])
    assert (found.kind, found.text[1 - column]) == ("reduced", "good plot")
    assert len(found.text[column]) < len(pair[column])


@pytest.mark.parametrize("recipe", ["deepwordbug", "pwws", "checklist"])
@pytest.mark.parametrize(
    "text",
    [
        "\U0001f600 \U0001f600",
        "good" * 2500,
        "\u202egood\u200b film\x00",
        "g\u0308ood 好 good",
    ],
    ids=["no words", "10,000 characters", "marks and nothing", "scripts"],
)
def test_hostile_texts_have_an_outcome(attack: Attacker, recipe: str, text: str):
    (found,) = attack(Method(recipe, query_budget=40), [(text, 1)])
    assert found.kind in ("skipped", "failed", "succeeded"), found


def test_a_text_that_textattack_fails_on_is_told_with_the_reason(attack: Attacker):
    # TextAttack marks the end of the first text of a pair so, and then looks for words around it
    (found,) = attack(Method("pwws"), [("<SPLIT> good", 1)])
    assert (found.kind, found.note) == ("unattackable", "ValueError: substring not found")


def test_a_text_that_is_empty_once_its_only_word_is_gone_is_attacked(attack: Attacker):
    assert attack(Method("input-reduction"), [("good", 1)])[0].kind == "reduced"


def test_a_worker_that_attacks_one_model_after_another_holds_no_more_than_two(
    attack: Attacker, tmp_path: Path
):
    for number in range(5):
        one = Attacker(attack.crew, write_word_model(tmp_path / str(number), SCORES))
        one(Method("deepwordbug"), ROWS[:1])
    (told,) = attack(Method("deepwordbug"), ROWS[:1], holds=True)
    assert told.queries <= 2
