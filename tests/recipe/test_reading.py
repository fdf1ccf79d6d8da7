"""What is said of a recipe that is wrong."""

import json

import jsonschema
import pytest
from ruamel.yaml import YAML

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.reading import json_schema, read_recipe, resolved


def test_a_sound_recipe_is_read(spoil):
    assert read_recipe(spoil()).recipe.name == "demo"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: demo", "nam: demo", ':2:1: nam: no key "nam"; did you mean "name"?'),
        ("name: demo\n", "", ":1:1: name: is missing"),
        ("name: demo", "name: Demo!", ":2:1: name: should match pattern"),
        ("version: 1", "version: 2", ":1:1: version: should be 1, got 2"),
        ("labels: [negative, positive]", "labels: [a]", ":4:1: labels: "),
        ("labels: [negative, positive]", "labels: [a, a]", ":4:1: labels: named twice: a"),
        ("epochs: 1", "epochs: 1.5", ":7:14: teacher.finetune.epochs: should be a valid integer"),
        ("epochs: 1", "epochs: yes", 'got the text "yes"'),
        ("epochs: 1", "epochs: true", "got true"),
        ("epochs: 1", "epochs: 0", "should be greater than or equal to 1, got 0"),
        ("kind: distill", "kind: distil", 'no kind "distil"; did you mean "distill"?'),
        ("kind: distill", "knd: distill", ':12:5: stages[0]: needs a key "kind"'),
        ("layers: 2", "layers: two", ":12:21: stages[0] distill layers: "),
        ("layers: 2", "layers: 0", "at least 1, got 0"),
        ("layers: 2", "layers: [2, 1]", "must be rising"),
        ("layers: 2", "layers: 2, objective: {logits: 0}", "all weights are 0"),
        ("layers: 2", "layers: 2, objective: {logit: 1}", 'did you mean "logits"?'),
        ("{kind: export}", "{kind: quantize}", "takes onnx-model, but stages[0] distill gives"),
        (
            "  - {kind: quantize}\n",
            "  - {kind: quantize}\n  - {kind: quantize}\n",
            "takes onnx-model",
        ),
        ("  - {kind: export}\n  - {kind: quantize}\n", "", "cannot ship"),
        ("{kind: quantize}", "{kind: quantize, scheme: static}", "static reads data.calibration"),
        ("{kind: export}", "{kind: export, opset: 14}", "fused needs opset 17"),
        ("  train: {", "  trian: {", 'did you mean "train"?'),
        ("split: train", "split: train, rows: many", "9:58: data.train.rows: "),
        ("split: test", "split: train", "is the same source as data.train"),
        ("max_drop: 0.05", "max_drop: 5", "less than or equal to 1"),
        ("max_drop: 0.05", "max_drop: 0.05, data: train", "train is a training role"),
        (
            "max_drop: 0.05",
            "max_drop: 0.05, data: tset",
            'no data role "tset"; did you mean "test"?',
        ),
        ("max_drop: 0.05", "data: test", "no check sets a limit"),
        ('source: "resource:tiny-reviews", split: test', "from: test, rows: 5", 'no role "test"'),
        ('source: "resource:tiny-reviews", split: test', "from: train", "needs `rows`"),
        ('source: "resource:tiny-reviews", split: test', "split: test", "exactly one of"),
        ('source: "resource:tiny-reviews", split: test', 'source: "hub:imdb"', "needs `revision`"),
        (
            "split: test}",
            "split: test, text_pair: b}",
            "some roles are sentence pairs, but not train",
        ),
        ("split: test}", "split: test, map: {a: good}}", 'no label "good"'),
        (
            "{kind: distill, layers: 2}",
            "{kind: difficulty, sparsities: [0.4, 0.2]}",
            "must be rising, each named once",
        ),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(spoil, old, new, said):
    with pytest.raises(RecipeError, match="demo.yaml:[0-9]+:[0-9]+: ") as caught:
        read_recipe(spoil(old, new))
    assert said in str(caught.value)


def test_every_mistake_is_told_at_once(tmp_path, spoil):
    path = spoil("name: demo", "nmae: demo")
    path.write_text(path.read_text().replace("layers: 2", "layrs: 2").replace("0.05", "x"))
    with pytest.raises(RecipeError, match="demo.yaml has 4 mistakes") as caught:
        read_recipe(path)
    assert len(str(caught.value).splitlines()) == 5


def test_a_bad_stage_does_not_also_make_the_list_too_short(spoil):
    with pytest.raises(RecipeError, match="did you mean") as caught:
        read_recipe(spoil("kind: distill", "kind: distil"))
    assert "\n" not in str(caught.value)


def test_the_digest_ignores_comments_and_order(spoil, tmp_path):
    first = read_recipe(spoil()).digest
    text = (tmp_path / "demo.yaml").read_text().replace("name: demo\n", "")
    (tmp_path / "demo.yaml").write_text(text + "name: demo  # at the end\n")
    assert read_recipe(tmp_path / "demo.yaml").digest == first


def test_the_digest_sees_a_setting(spoil):
    assert read_recipe(spoil()).digest != read_recipe(spoil("epochs: 1", "epochs: 2")).digest


@pytest.mark.parametrize("name", ["quickstart", "tiny", "papers/rmc"])
def test_what_a_bundle_keeps_of_its_recipe_can_be_read_again(name, repository, tmp_path):
    file = read_recipe(repository / f"recipes/{name}.yaml")
    with (tmp_path / "recipe.resolved.yaml").open("w") as out:
        YAML(typ="safe").dump(resolved(file.recipe), out)
    again = read_recipe(tmp_path / "recipe.resolved.yaml")
    assert (again.recipe, again.digest) == (file.recipe, file.digest)


def test_a_resolved_recipe_reads_as_itself(spoil, tmp_path):
    file = read_recipe(spoil())
    with (tmp_path / "again.yaml").open("w") as out:
        YAML(typ="safe").dump(resolved(file.recipe), out)
    assert read_recipe(tmp_path / "again.yaml").digest == file.digest


def test_the_schema_is_valid_draft_07_and_accepts_a_sound_recipe(spoil):
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    recipe = YAML(typ="safe").load(spoil().read_text())
    jsonschema.Draft7Validator(schema).validate(json.loads(json.dumps(recipe)))


def test_the_schema_refuses_an_unknown_key(spoil):
    recipe = YAML(typ="safe").load(spoil("name: demo", "nmae: demo").read_text())
    with pytest.raises(jsonschema.ValidationError, match="nmae"):
        jsonschema.Draft7Validator(json_schema()).validate(recipe)
