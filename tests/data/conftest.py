"""Recipes over files in a temporary folder, and resources in a cache of their own."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from edgecompress.data.resources import Resources
from edgecompress.data.roles import Data
from edgecompress.recipe.schema import Recipe
from tests.fakes import Listener


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def resources(tmp_path: Path, listener: Listener) -> Resources:
    """Offline: a test that needs the network must say so itself."""
    return Resources(tmp_path / "cache", listener, offline=True)


MakeData = Callable[..., Data]


@pytest.fixture
def make_data(tmp_path: Path, resources: Resources, listener: Listener) -> MakeData:
    """Data of a recipe with this `data` section; relative paths start at tmp_path."""

    def make(
        section: dict[str, Any], labels: Sequence[str] = ("negative", "positive"), seed: int = 7
    ) -> Data:
        recipe = {
            "version": 1,
            "name": "test",
            "task": "text-classification",
            "seed": seed,
            "labels": labels,
            "teacher": {"model": "resource:tiny-bert"},
            "data": section,
            "stages": [{"kind": "export"}],
            "gate": [{"check": "size", "bytes_at_most": 1}],
        }
        read = Recipe.model_validate_json(json.dumps(recipe))
        return Data(read, tmp_path, resources, listener)

    return make


WriteRows = Callable[[str, Sequence[tuple[str, str]]], str]


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    """Write (text, label) rows as JSON lines; returns the file's name."""

    def write(name: str, rows: Sequence[tuple[str, str]]) -> str:
        lines = [json.dumps({"text": text, "label": label}) + "\n" for text, label in rows]
        (tmp_path / name).write_text("".join(lines), encoding="utf-8")
        return name

    return write


def balanced(count: int, word: str = "text") -> list[tuple[str, str]]:
    """`count` distinct rows, negative and positive in turn."""
    return [(f"{word} number {i}", ("negative", "positive")[i % 2]) for i in range(count)]
