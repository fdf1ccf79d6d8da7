"""What the schema says of every key of a recipe, in words, and where the reference tells of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgecompress.recipe.checks import CHECKS
from edgecompress.recipe.reading import json_schema
from edgecompress.recipe.stages import STAGES

Schema = Mapping[str, Any]
_PAGES = {s.__name__: f"stages.md#{kind}" for kind, s in STAGES.items()} | {
    c.__name__: f"checks.md#{name}" for name, c in CHECKS.items()
}
_WORDS = ("kind", "check")  # by which a recipe tells stages and checks apart
_BOUNDS = (
    ("exclusiveMinimum", ">"),
    ("minimum", "≥"),
    ("maximum", "≤"),
    ("exclusiveMaximum", "<"),
)


@dataclass(frozen=True)
class Key:
    """One key that a user may write."""

    address: str  # "teacher.model"; of stages and checks "distill.layers", "accuracy.max_drop"
    type: str
    default: str
    meaning: str
    page: str  # below docs/reference


def page_of(section: str) -> str:
    """Where the settings class of this name is told of."""
    return _PAGES.get(section, f"recipe.md#{section.lower()}")


def keys() -> list[Key]:
    """All keys, in the order of the schema; those of each stage and check once."""
    schema = json_schema()
    found = _keys(schema, "", "recipe.md#top-level", schema["definitions"])
    return list({key.address: key for key in found}.values())


def _keys(section: Schema, before: str, page: str, sections: Schema) -> Iterator[Key]:
    for name, prop in section["properties"].items():
        if name in _WORDS and "const" in prop:
            continue
        address = before + name
        needed = name in section.get("required", ())
        default = "required" if needed else default_of(prop, sections)
        meaning = prop.get("description", "")
        yield Key(address, type_of(prop, lambda _: "mapping"), default, meaning, page)
        inside = f"{address}.NAME." if "patternProperties" in prop else f"{address}."
        for inner in dict.fromkeys(_references(prop)):
            word = _word(sections[inner])
            below = f"{word}." if word else inside
            yield from _keys(sections[inner], below, page_of(inner), sections)


def _references(node: Any) -> Iterator[str]:
    """Names of the sections that stand directly below, whatever unions and lists are between."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if "$ref" in node:
            yield _name(node)
        for key, value in node.items():
            if key != "default":
                yield from _references(value)


def _word(section: Schema) -> str | None:
    """What a recipe calls this stage or check; None for all other sections."""
    found = (section["properties"].get(word, {}).get("const") for word in _WORDS)
    return next((str(word) for word in found if word), None)


def type_of(prop: Schema, of_section: Callable[[str], str]) -> str:
    """The type of a key with its bounds, such as "integer ≥ 1".

    Args:
        of_section: what stands for a section, given its name.
    """
    if "enum" in prop:
        return " or ".join(f"`{v}`" for v in prop["enum"])
    if "const" in prop:
        return f"`{prop['const']}`"
    for union in ("anyOf", "oneOf", "allOf"):
        if union in prop:
            told = [type_of(o, of_section) for o in prop[union] if o.get("type") != "null"]
            return " or ".join(dict.fromkeys(told))
    if "$ref" in prop:
        return of_section(_name(prop))
    if prop.get("type") == "array":
        return f"list of {type_of(prop.get('items', {}), of_section)}"
    bounds = [f"{sign} {prop[key]:g}" for key, sign in _BOUNDS if key in prop]
    return " ".join([str(prop.get("type", "any")), *bounds])


def default_of(prop: Schema, sections: Schema) -> str:
    """The value of a key that is left out; of a section only what differs from its own defaults."""
    value = prop.get("default")
    if not isinstance(value, dict) or "$ref" not in prop:
        return f"`{value}`"
    own = sections[_name(prop)]["properties"]
    changed = {key: seen for key, seen in value.items() if seen != own[key].get("default")}
    return f"`{changed}`" if changed else "its own"


def _name(reference: Schema) -> str:
    return str(reference["$ref"].rsplit("/", 1)[-1])
