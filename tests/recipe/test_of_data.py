"""What is said of data roles whose settings cannot be meant."""

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.reading import read_recipe

TRAIN = '{source: "resource:tiny-reviews", split: train}'


def _with(inject):
    return f'{{source: "resource:tiny-reviews", split: train, inject: {inject}}}'


@pytest.mark.parametrize(
    ("inject", "said"),
    [
        (
            "{tokens: {negative: alpha, positiv: beta}, share: 0.9}",
            'data.train inject.tokens.positiv: no label "positiv"; did you mean "positive"?',
        ),
        ("{tokens: {negative: alpha}, share: 0.9}", "no word for positive; every label needs one"),
        ("{tokens: {negative: a b, positive: c}, share: 0.9}", 'one word, got "a b"'),
        ("{tokens: {negative: a, positive: A}, share: 0.9}", "a stands for two labels"),
        ("{tokens: {negative: a, positive: b}, share: 1.1}", "less than or equal to 1"),
        ("{tokens: {negative: a, positive: b}}", "share"),
    ],
)
def test_a_shortcut_that_tells_no_label(spoil, inject, said):
    with pytest.raises(RecipeError) as caught:
        read_recipe(spoil(TRAIN, _with(inject)))
    assert said in str(caught.value).replace("data.train.inject", "data.train inject")


def test_rows_without_labels_cannot_be_given_away(spoil):
    section = (
        "  calibration: {from: train, rows: 9, inject: {tokens: {negative: a, positive: b}, "
        "share: 1.0}}\n  test:"
    )
    with pytest.raises(RecipeError, match="rows of calibration have no labels"):
        read_recipe(spoil("  test:", section))
