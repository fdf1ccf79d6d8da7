"""Keys in words: every key that a recipe may have, with what the schema says of it."""

from edgecompress.recipe.described import default_of, keys, type_of
from edgecompress.recipe.reading import json_schema

KEYS = {key.address: key for key in keys()}


def test_each_key_of_each_stage_is_told_once_wherever_it_may_stand():
    assert len(KEYS) == len(keys())
    assert "finetune.epochs" in KEYS
    assert "teacher.finetune.epochs" not in KEYS


def test_keys_of_nested_sections_and_of_named_ones_are_found():
    assert {"distill.objective.logits", "data.test.source", "data.ood.NAME.source"} <= set(KEYS)


def test_a_key_tells_its_bounds_default_and_page():
    key = KEYS["finetune.max_length"]
    assert (key.type, key.default) == ("integer ≥ 8 ≤ 512", "`128`")
    assert (key.meaning, key.page) == ("tokens a text is cut to", "stages.md#finetune")


def test_no_key_of_the_schema_is_left_out():
    sections = json_schema()["definitions"].values()
    names = {name for section in sections for name in section["properties"]}
    assert names - {"kind", "check"} <= {address.rsplit(".", 1)[-1] for address in KEYS}


def test_a_union_names_each_type_once_and_sections_as_one_likes():
    prop = {"anyOf": [{"type": "integer"}, {"$ref": "#/definitions/Objective"}, {"type": "null"}]}
    assert type_of(prop, lambda name: f"<{name}>") == "integer or <Objective>"


def test_of_a_sections_default_only_what_is_not_its_own_is_told():
    sections = {"S": {"properties": {"a": {"default": 1}, "b": {"default": 2}}}}
    prop = {"$ref": "#/definitions/S", "default": {"a": 1, "b": 3}}
    assert default_of(prop, sections) == "`{'b': 3}`"
    assert default_of({**prop, "default": {"a": 1, "b": 2}}, sections) == "its own"
