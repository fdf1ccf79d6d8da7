"""From a validation library's complaints to sentences about somebody's recipe."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from edgecompress.recipe.document import Document, KeyPath

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Mistake:
    """One thing to mend, and the key it is about."""

    path: KeyPath
    message: str


def listing(document: Document, mistakes: Iterable[Mistake]) -> str:
    """All mistakes, in the order of the file, one line each."""
    ordered = sorted(set(mistakes), key=lambda m: _order(document, m))
    lines = [f"{document.where(m.path)}: {_address(m.path, document)}{m.message}" for m in ordered]
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join([f"{document.path} has {len(lines)} mistakes:", *lines])


def did_you_mean(seen: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?` or else `; allowed: a, b, c`."""
    names = list(allowed)
    close = get_close_matches(seen, names, n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else f"; allowed: {', '.join(names)}"


def from_validation(error: ValidationError, document: Document, schema: Schema) -> list[Mistake]:
    """Merge what the library says about one key, and drop what merely repeats a deeper mistake.

    When an item of a tuple is bad, pydantic also reports the tuple as too short; whoever believes
    it hunts a ghost.
    """
    by_path: dict[KeyPath, list[str]] = {}
    for problem in error.errors(include_url=False):
        path = _known_part(problem["loc"], document)
        message = _sentence(dict(problem), schema)
        if problem["type"] in ("extra_forbidden", "missing"):
            path = (*path, str(problem["loc"][-1])) if problem["type"] == "missing" else path
        by_path.setdefault(path, []).append(message)
    paths = list(by_path)
    return [
        Mistake(path, "; or ".join(dict.fromkeys(messages)))
        for path, messages in by_path.items()
        if not any(other != path and other[: len(path)] == path for other in paths)
        or any("no key" in message for message in messages)
    ]


def _known_part(loc: tuple[str | int, ...], document: Document) -> KeyPath:
    """The part of a pydantic location that exists in the file; union tags are not keys."""
    path: KeyPath = ()
    for part in loc:
        if (*path, part) in document.positions:
            path = (*path, part)
    return path


def _sentence(problem: Mapping[str, Any], schema: Schema) -> str:
    kind, name = problem["type"], str(problem["loc"][-1]) if problem["loc"] else ""
    if kind == "extra_forbidden":
        return f'no key "{name}"{did_you_mean(name, _allowed_keys(problem["loc"][:-1], schema))}'
    if kind == "missing":
        return "is missing"
    if kind == "union_tag_invalid":
        context = problem["ctx"]
        allowed = [tag.strip(" '") for tag in context["expected_tags"].split(",")]
        return f'no {context["discriminator"]} "{context["tag"]}"'.replace("'", "") + did_you_mean(
            str(context["tag"]), allowed
        )
    if kind == "union_tag_not_found":
        return f"needs a key {problem['ctx']['discriminator']}".replace("'", '"')
    said = problem["msg"].replace("array", "list")
    said = said[said.find("should") :] if "should" in said else said
    return f"{said}, got {_shown(problem['input'])}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        short = value if len(value) <= 40 else value[:37] + "..."
        return f'the text "{short}"'
    return "nothing" if value is None else json.dumps(value)


def _allowed_keys(loc: tuple[str | int, ...], schema: Schema) -> list[str]:
    """Keys of the section at `loc`, read off the JSON Schema."""
    nodes = [schema]
    for part in loc:
        nodes = [step for node in nodes for step in _steps(node, part, schema)]
    return sorted({key for node in nodes for key in node.get("properties", ())})


def _steps(node: Schema, part: str | int, schema: Schema) -> list[Schema]:
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return _resolved({"$ref": mapping[part]}, schema)
    if isinstance(part, int):
        return _resolved(node.get("items", {}), schema)
    if part in node.get("properties", {}):
        return _resolved(node["properties"][part], schema)
    free = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    if found := [
        step for option in free if isinstance(option, dict) for step in _resolved(option, schema)
    ]:
        return found
    return [node]  # the name of a union member, which is no step in the document


def _resolved(node: Schema, schema: Schema) -> list[Schema]:
    if "$ref" in node:
        return [schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]]
    if "anyOf" in node:
        return [found for option in node["anyOf"] for found in _resolved(option, schema)]
    return [node]


def _order(document: Document, mistake: Mistake) -> tuple[int, int, str]:
    path = mistake.path
    while path and path not in document.positions:
        path = path[:-1]
    return (*document.positions.get(path, (1, 1)), mistake.message)


def _address(path: KeyPath, document: Document) -> str:
    """`stages[0] distill.layers `, as a person would say it."""
    text, node = "", document.data
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("" if not text or text.endswith(" ") else ".") + part
        node = _child(node, part)
        if isinstance(part, int) and isinstance(node, dict):
            kind = node.get("kind", node.get("check"))
            text += f" {kind} " if isinstance(kind, str) else ""
    return f"{text.strip()}: " if path else ""


def _child(node: Any, part: str | int) -> Any:
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return None
