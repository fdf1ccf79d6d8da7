"""What is said before any compute, beyond the recipe's own text."""

import pytest

from edgecompress.core.errors import GateUndecided, MissingExtra, RecipeError
from edgecompress.workflow import validate
from edgecompress.workflow.validate import validate_recipe


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("resource:tiny-bert", "resource:tiny-brt"), "tiny-bert"),
        (("resource:tiny-bert", "./nowhere"), "no such folder"),
        (("resource:tiny-bert", "bert-base-uncased"), "set `revision` to the commit"),
        (('tiny-reviews", split: test', 'tiny-review", split: test'), "tiny-reviews"),
        (('tiny-reviews", split: test', 'tiny-reviews", split: tst'), "tst"),
        (('{source: "resource:tiny-reviews", split: test}', "{source: test.csv}"), "test.csv"),
        (('{source: "resource:tiny-reviews", split: test}', "{source: test.xls}"), "test.xls"),
    ],
)  # fmt: skip
def test_what_points_nowhere_is_told_with_its_line(smoke, ws, change, said):
    file = smoke(change)
    with pytest.raises(RecipeError, match="recipe.yaml:[0-9]+:[0-9]+: ") as caught:
        validate_recipe(file.document.path, ws.resources)
    assert said in str(caught.value)


def test_wrong_rows_of_a_small_file_are_told_with_theirs(smoke, ws):
    file = smoke(('{source: "resource:tiny-reviews", split: test}', "{source: late.csv}"))
    rows = "text,label\na film to remember,positive\na bore,bad\n"
    (file.document.path.parent / "late.csv").write_text(rows)
    with pytest.raises(RecipeError, match=r'data\.test: late\.csv:3: unknown label "bad"'):
        validate_recipe(file.document.path, ws.resources)


def test_rows_that_can_never_decide_are_refused_with_the_rows_needed(smoke, ws):
    file = smoke(("split: test}", "split: test, rows: 30}"), ("max_drop: 0.06", "max_drop: 0.01"))
    with pytest.raises(GateUndecided, match="needs about 7,114"):
        validate_recipe(file.document.path, ws.resources)


def test_a_missing_package_is_told_with_what_to_install(smoke, ws, monkeypatch):
    monkeypatch.setattr(validate, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(MissingExtra, match=r'needs torch.*pip install "edgecompress\[build\]"'):
        validate_recipe(smoke().document.path, ws.resources)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("recipes: [pwws], rows: 601", "rows: asks for 601 rows, data.test has 600"),
        ("recipes: [word-swap-table], neighbours: no.json, rows: 9", "no.json: cannot be read"),
    ],
)
def test_what_a_check_lacks_is_told_with_its_line(smoke, ws, settings, said):
    file = smoke(("release:", f"  - {{check: attack, {settings}}}\nrelease:"))
    with pytest.raises(RecipeError, match="recipe.yaml:[0-9]+:[0-9]+: ") as caught:
        validate_recipe(file.document.path, ws.resources)
    assert said in str(caught.value)


def test_more_texts_than_there_are_cannot_fool_a_model(smoke, ws):
    finding = "  - {kind: adversarial-examples, rows: 1201}\n  - kind: distill\n"
    file = smoke(("  - kind: distill\n", finding + "    adversarial_examples: true\n"))
    with pytest.raises(RecipeError, match=r"rows: asks for 1,201 rows, data\.train has 1,200"):
        validate_recipe(file.document.path, ws.resources)


def test_a_missing_package_of_a_check_names_the_extra_that_brings_it(smoke, ws, monkeypatch):
    file = smoke(("release:", "  - {check: attack, recipes: [pwws], rows: 9}\nrelease:"))
    missing = "textattack"
    monkeypatch.setattr(validate, "find_spec", lambda name: None if name == missing else object())
    needs = r'needs textattack.*pip install "edgecompress\[attack\]"'
    with pytest.raises(MissingExtra, match=needs):
        validate_recipe(file.document.path, ws.resources)


@pytest.mark.parametrize("name", ["smoke", "quickstart"])
def test_every_recipe_that_we_ship_is_sound(repository, ws, name):
    assert [
        c for c in validate_recipe(repository / f"recipes/{name}.yaml", ws.resources) if c.doubtful
    ] == []
