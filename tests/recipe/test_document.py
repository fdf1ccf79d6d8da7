"""YAML as a recipe may use it."""

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.document import MAX_BYTES, read_document


def read(tmp_path, text):
    path = tmp_path / "r.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path)


def test_5e_minus_5_is_a_number(tmp_path):
    assert read(tmp_path, "rate: 5e-5\n").data == {"rate": 5e-5}


def test_no_is_a_word(tmp_path):
    assert read(tmp_path, "labels: [no, yes]\n").data == {"labels": ["no", "yes"]}


def test_number_keys_become_words(tmp_path):
    assert read(tmp_path, "map: {1: negative}\n").data == {"map": {"1": "negative"}}


def test_a_byte_order_mark_is_not_part_of_the_first_key(tmp_path):
    assert read(tmp_path, "\ufeffname: a\n").data == {"name": "a"}


def test_every_key_and_item_has_its_place(tmp_path):
    document = read(tmp_path, "a:\n  - b: 1\n    c: 2\n")
    assert document.where(("a", 0, "c")).endswith("r.yaml:3:5")


def test_a_key_that_is_not_there_is_placed_at_its_section(tmp_path):
    document = read(tmp_path, "a:\n  b: 1\n")
    assert document.where(("a", "missing")).endswith("r.yaml:1:1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "2:1: not YAML 1.2: found duplicate key"),
        ("map: {1: a, '1': b}\n", "found key '1' twice"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: !!python/object:os.system x\n", "tags"),
        ("\ta: 1\n", "1:1: not YAML 1.2"),
        ("a: [1, 2\n", "not YAML 1.2"),
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("", "got nothing"),
        ("- 1\n", "got a list"),
        ("word\n", "got a value"),
        ("a: 2020-01-01\n", "a date; put quotes around it"),
        ("a:\n  b:\n", "2:3: no value; give it one"),
        ("a: [~]\n", "1:5: no value"),
        ("a: .nan\n", "is not a finite number"),
        ("a: 1e999\n", "is not a finite number"),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper than 32"),
        ("? [a, b]\n: 1\n", "a key must be a word or a number"),
        (b"a: \xff\n", "1:1: not UTF-8 at byte 3"),
        (b"a: x\x00\n", "not YAML 1.2"),
        ("# " + "x" * MAX_BYTES, "a recipe has at most 100,000"),
    ],
)
def test_what_no_recipe_needs_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(RecipeError, match="r.yaml:[0-9]+:") as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecipeError, match="nothing.yaml: cannot be read: No such file"):
        read_document(tmp_path / "nothing.yaml")


def test_a_folder_is_not_a_recipe(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read: Is a directory"):
        read_document(tmp_path)
