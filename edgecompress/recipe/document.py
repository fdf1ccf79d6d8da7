"""YAML text to plain data, remembering where every key stood.

YAML 1.2 through ruamel.yaml: `5e-5` is a number, `no` is a word, a repeated key is an error.
What a recipe never needs is refused before it can cost anything: aliases, tags, deep nesting,
several documents, more than 100 kB.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, NodeEvent

from edgecompress.core.errors import RecipeError

MAX_BYTES = 100_000
MAX_DEPTH = 32

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A recipe file as data, with the line and column (from 1) of each key and item."""

    path: Path
    data: dict[str, Any]
    positions: dict[KeyPath, tuple[int, int]] = field(repr=False)

    def where(self, path: KeyPath) -> str:
        """`file:line:column` of a key, or of the nearest key above it that exists."""
        while path and path not in self.positions:
            path = path[:-1]
        line, column = self.positions.get(path, (1, 1))
        return f"{self.path}:{line}:{column}"


def read_document(path: Path) -> Document:
    """Read a YAML file whose top is a mapping.

    Raises:
        RecipeError: it cannot be read, or is not YAML that a recipe may use.
    """
    text = _read_text(path)
    try:
        _refuse_what_no_recipe_needs(path, text)
        loader = YAML()
        loader.allow_duplicate_keys = False
        loaded = loader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(str(error.problem or error.context).split())
        raise RecipeError(f"{path}:{line}:{column}: not YAML 1.2: {problem}") from None
    except (YAMLError, ValueError) as error:
        # ruamel raises plain ValueError for numbers and dates it cannot build.
        raise RecipeError(f"{path}:1:1: not YAML 1.2: {' '.join(str(error).split())}") from None
    if not isinstance(loaded, CommentedMap):
        seen = "nothing" if loaded is None else "a list" if isinstance(loaded, list) else "a value"
        raise RecipeError(
            f"{path}:1:1: a recipe is a mapping of keys (version, name, teacher, ...), got {seen}"
        )
    document = Document(path, {}, {(): (1, 1)})
    document.data.update(_plain(loaded, (), document))
    return document


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise RecipeError(
            f"{path}:1:1: {len(raw):,} bytes; a recipe has at most {MAX_BYTES:,}. "
            "Is this a data file?"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise RecipeError(
            f"{path}:{line}:1: not UTF-8 at byte {error.start}; save the file as UTF-8"
        ) from None


def _refuse_what_no_recipe_needs(path: Path, text: str) -> None:
    depth = documents = 0
    for event in YAML().parse(text):
        mark = event.start_mark
        here = f"{path}:{mark.line + 1}:{mark.column + 1}"
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise RecipeError(f"{here}: anchors and aliases (& and *) are not allowed in a recipe")
        if isinstance(event, NodeEvent) and getattr(event, "tag", None) not in (None, "!"):
            raise RecipeError(f"{here}: tags (!) are not allowed in a recipe")
        name = type(event).__name__
        depth += name.endswith(("MappingStartEvent", "SequenceStartEvent"))
        depth -= name.endswith(("MappingEndEvent", "SequenceEndEvent"))
        documents += isinstance(event, DocumentStartEvent)
        if depth > MAX_DEPTH:
            raise RecipeError(f"{here}: nested deeper than {MAX_DEPTH} levels")
        if documents > 1:
            raise RecipeError(f"{here}: a second document (---); a recipe is one document")


def _plain(value: Any, path: KeyPath, document: Document) -> Any:
    """Strip ruamel's types, noting positions; keys become strings, as in JSON."""
    if isinstance(value, CommentedMap):
        return _plain_mapping(value, path, document)
    if isinstance(value, CommentedSeq):
        for index in range(len(value)):
            line, column = value.lc.item(index)
            document.positions[(*path, index)] = (line + 1, column + 1)
        return [_plain(item, (*path, i), document) for i, item in enumerate(value)]
    if isinstance(value, date):
        raise RecipeError(f"{document.where(path)}: a date; put quotes around it to mean a text")
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        raise RecipeError(f"{document.where(path)}: {value} is not a finite number")
    if value is None:
        # Read as "no limit", an empty value would open the gate without a word.
        raise RecipeError(f"{document.where(path)}: no value; give it one, or take the key out")
    if isinstance(value, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    raise RecipeError(f"{document.where(path)}: a {type(value).__name__} has no place in a recipe")


def _plain_mapping(value: CommentedMap, path: KeyPath, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        line, column = value.lc.key(key)
        position = (line + 1, column + 1)
        if isinstance(key, bool) or not isinstance(key, (str, int, float)):
            raise RecipeError(
                f"{document.path}:{line + 1}:{column + 1}: a key must be a word or a number"
            )
        name = str(key)
        if name in found:
            raise RecipeError(
                f"{document.path}:{line + 1}:{column + 1}: found key {name!r} twice, "
                "as a number and as a text"
            )
        document.positions[(*path, name)] = position
        found[name] = _plain(item, (*path, name), document)
    return found
