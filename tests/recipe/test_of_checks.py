"""What is said of checks whose settings the recipe around them contradicts."""

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.reading import read_recipe

CHECK = "{check: accuracy, max_drop: 0.05}"
TEACHER = "  finetune: {epochs: 1}\n"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (
            "{check: loyalty, floor_margin: 0.02, label_at_least: 0.9}",
            "loyalty floor_margin: is a distance to the floor; it needs `label_at_least: retrain-",
        ),
        ("{check: loyalty, label_at_least: floor}", "label_at_least: "),
        ("{check: slices, max_drop: 0.1, by: []}", "at least 1"),
        (
            "{check: slices, max_drop: 0.1, by: [lable]}",
            'by[0]: data.test keeps no column "lable"; did you mean "label"?',
        ),
        (
            "{check: slices, max_drop: 0.1, by: [label, country]}",
            '"country"; allowed: label, length (`columns: [country]` there keeps it)',
        ),
    ],
)
def test_what_cannot_be_meant_is_told(spoil, check, said):
    with pytest.raises(RecipeError, match="gate") as caught:
        read_recipe(spoil(CHECK, check))
    assert said in str(caught.value)


def test_a_teacher_that_is_taken_as_it_is_has_no_floor(spoil):
    path = spoil(CHECK, "{check: loyalty, label_at_least: retrain-floor}")
    path.write_text(path.read_text().replace(TEACHER, ""))
    with pytest.raises(RecipeError, match="retrain-floor trains the teacher once more"):
        read_recipe(path)


OOD = """\
  ood:
    tweets: {source: "resource:vader-tweets", columns: [hour]}
stages:
"""


@pytest.mark.parametrize("check", ["latency, p50_ms_at_most: 1", "parity, flips_at_most: 0.1"])
def test_what_looks_at_one_role_refuses_a_group(spoil, check):
    path = spoil(CHECK, f"{{check: {check}, data: ood}}")
    path.write_text(path.read_text().replace("stages:\n", OOD))
    with pytest.raises(RecipeError, match="takes one role, not a group; name ood/tweets"):
        read_recipe(path)


def test_every_role_of_a_group_is_asked_for_its_columns(spoil):
    path = spoil(CHECK, "{check: slices, data: ood, by: [hour], max_drop: 0.1}")
    path.write_text(path.read_text().replace("stages:\n", OOD))
    read_recipe(path)
    path.write_text(path.read_text().replace("hour]}", "day]}"))
    with pytest.raises(RecipeError, match='data.ood/tweets keeps no column "hour"'):
        read_recipe(path)


def test_drawn_rows_keep_the_columns_of_their_origin(spoil):
    path = spoil(CHECK, "{check: slices, data: ood/some, by: [hour], max_drop: 0.1}")
    drawn = OOD.replace("stages:", "    some: {from: ood/tweets, rows: 50}\nstages:")
    path.write_text(path.read_text().replace("stages:\n", drawn))
    read_recipe(path)


ELSEWHERE = (
    '  test: {source: "resource:tiny-reviews", split: test}\n',
    '  test: {source: "resource:tiny-reviews", split: test, columns: [topic]}\n'
    "  ood: {far: {source: far.csv, columns: [heuristic]}}\n",
)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("against: tets", 'against: no data role "tets" that the gate judges on; did you mean "te'),
        ("against: train", "against: no data role"),
        ("data: test", "against: test is among the roles of `data`, which it is for"),
        (
            "subcases: heuristics",
            'data.ood keeps no column "heuristics"; did you mean "heuristic"?',
        ),
        ("subcases: topic", 'keeps no column "topic"; allowed: heuristic'),
        ("perturb: [negation], max_perturbed_drop: 0.1", "needs `perturb` with typos, casing or"),
        ("perturb: [typos], max_negation_lag: 0.1", "needs `perturb: [negation]`"),
        ("perturb: [typo]", "typos"),
        ("relative_bias_at_most: 0", "greater than 0"),
    ],
)
def test_other_texts_that_cannot_be_meant(spoil, settings, said):
    path = spoil(CHECK, f"{{check: shift, max_drop: 0.1, {settings}}}")
    path.write_text(path.read_text().replace(*ELSEWHERE))
    with pytest.raises(RecipeError, match="shift") as caught:
        read_recipe(path)
    assert said in str(caught.value)


def test_without_other_texts_there_is_no_shift(spoil):
    with pytest.raises(RecipeError, match='no data role "ood"'):
        read_recipe(spoil(CHECK, "{check: shift, max_drop: 0.1}"))
