"""A recipe file in, a Recipe out; or every mistake at once, each with its place."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.crosschecks import mistakes_in
from edgecompress.recipe.document import Document, read_document
from edgecompress.recipe.mistakes import Mistake, from_validation, listing
from edgecompress.recipe.of_target import for_target
from edgecompress.recipe.schema import Recipe


@dataclass(frozen=True)
class RecipeFile:
    """A recipe and the file it was read from, for messages that point into it."""

    recipe: Recipe
    document: Document

    @property
    def folder(self) -> Path:
        """Where relative paths of the recipe start."""
        return self.document.path.resolve().parent

    @property
    def digest(self) -> str:
        """64 hexadecimal characters over what the recipe says; comments and order are not in it."""
        text = json.dumps(resolved(self.recipe), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def require(self, mistakes: list[Mistake]) -> None:
        """Raise RecipeError with all of them, if there is one."""
        if mistakes:
            raise RecipeError(listing(self.document, mistakes))


def read_recipe(path: Path) -> RecipeFile:
    """Read and check a recipe without opening any other file.

    Raises:
        RecipeError: with every mistake, one line each: file:line:column, what was seen, what is
            allowed.
    """
    document = read_document(path)
    try:
        # JSON mode: lists become tuples, and nothing else is coerced.
        recipe = for_target(Recipe.model_validate_json(json.dumps(document.data)))
    except ValidationError as error:
        mistakes = from_validation(error, document, _raw_schema())
        raise RecipeError(listing(document, mistakes)) from None
    found = RecipeFile(recipe, document)
    found.require(mistakes_in(recipe))
    return found


def resolved(recipe: Recipe) -> dict[str, Any]:
    """The recipe with every default that has a value written out, as JSON values."""
    return recipe.model_dump(mode="json", by_alias=True, exclude_none=True)


@cache
def _raw_schema() -> dict[str, Any]:
    return Recipe.model_json_schema(by_alias=True)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a recipe in draft-07, the newest that YAML editors understand."""
    text = json.dumps(_raw_schema()).replace("#/$defs/", "#/definitions/")
    schema: dict[str, Any] = json.loads(text)
    schema["definitions"] = schema.pop("$defs")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_draft_07(schema),
        "title": "edgecompress recipe",
    }


def _draft_07(node: Any) -> Any:
    """Drop what draft-07 does not know: `discriminator`; `$ref` tolerates no sibling keys there."""
    if isinstance(node, list):
        return [_draft_07(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _draft_07(value) for key, value in node.items() if key != "discriminator"}
    if "$ref" in kept and len(kept) > 1:
        return {"allOf": [{"$ref": kept.pop("$ref")}], **kept}
    return kept
