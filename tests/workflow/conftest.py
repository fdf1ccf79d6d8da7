"""Recipes on made-up resources, and a workspace in a temporary folder."""

from pathlib import Path

import pytest

from edgecompress.data.resources import Resources
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.store.store import Store
from edgecompress.workflow.workspace import Workspace
from tests.fakes import Listener


@pytest.fixture
def ws(tmp_path) -> Workspace:
    listener = Listener()
    return Workspace(
        Store(tmp_path / "store", listener), Resources(tmp_path / "cache", listener), listener
    )


@pytest.fixture
def smoke(repository, tmp_path):
    """The smoke recipe with texts replaced, read."""

    def read(*changes: tuple[str, str]) -> RecipeFile:
        text = (repository / "recipes/smoke.yaml").read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = Path(tmp_path / "recipe.yaml")
        path.write_text(text)
        return read_recipe(path)

    return read
