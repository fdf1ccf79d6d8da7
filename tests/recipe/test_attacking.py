"""Settings of the check `attack`."""

import json

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.attacking import Attack
from edgecompress.recipe.reading import read_recipe

CHECK = "{check: accuracy, max_drop: 0.05}"


def settings(**more: object) -> Attack:
    return Attack.model_validate_json(json.dumps({"check": "attack", **more}))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("recipes: []", "at least 1"),
        ("recipes: [textfooler]", "recipes[0]"),
        ("recipes: [pwws, pwws]", "names a recipe twice"),
        (
            "recipes: [input-reduction], after_attack_at_least: 0.1",
            "input-reduction has nothing that could be limited; add another",
        ),
        ("recipes: [word-swap-table]", "neighbours: is the table of `word-swap-table`; set both"),
        ("recipes: [pwws], neighbours: a.json", "neighbours: is the table of `word-swap-table`"),
        ("recipes: [textbugger], window: 9", "window: is of the word swaps, and none is asked for"),
        (
            "recipes: [pwws], column: text_pair",
            "column: is for sentence pairs; these are single texts",
        ),
        (
            "recipes: [pwws, input-reduction], most_words: 0.1",
            "most_words: is not for input-reduction, which deletes all it can",
        ),
        ("recipes: [pwws], most_words: 0", "greater than 0"),
        ("recipes: [pwws], rows: 0", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_is_told(spoil, settings, said):
    with pytest.raises(RecipeError, match="gate") as caught:
        read_recipe(spoil(CHECK, f"{CHECK}\n  - {{check: attack, {settings}}}"))
    assert said in str(caught.value)


def test_word_lists_are_always_read_and_the_rest_where_a_recipe_asks():
    assert settings(recipes=["pwws"]).sources() == ("resource:nltk-data",)
    asked = settings(recipes=["word-swap-table"], neighbours="near.json")
    assert asked.sources() == ("resource:nltk-data", "resource:minilm-l6", "near.json")


def test_limits_rest_on_the_rows_that_are_attacked():
    asked = settings(recipes=["pwws"], rows=100, max_drop_from_teacher=0.1)
    assert [claim.rows for claim in asked.claims(2000, classes=2)] == [100]
    assert [claim.rows for claim in asked.claims(50, classes=2)] == [50]


def test_each_limit_has_its_measurement():
    asked = settings(recipes=["pwws"], max_drop_from_teacher=0.1, after_attack_at_least=0.2)
    found = asked.limits()
    assert found["after_attack_drop"].at_most == 0.1
    assert found["after_attack_accuracy"].at_least == 0.2
