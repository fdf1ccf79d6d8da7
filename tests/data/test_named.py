"""Resources and files by the names that a recipe gives them."""

from pathlib import Path

import pytest

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.data.named import NamedSources
from edgecompress.data.packs import PACKS
from edgecompress.data.resources import Resources


@pytest.fixture
def named(tmp_path: Path, resources: Resources) -> NamedSources:
    return NamedSources(tmp_path, resources)


def test_a_file_is_known_by_its_bytes(named: NamedSources, tmp_path: Path):
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(text)
    assert named.digest("a") == named.digest("b") != named.digest("c")


def test_a_relative_path_starts_at_the_recipe(named: NamedSources, tmp_path: Path):
    assert named.place("lists/a.json") == tmp_path / "lists/a.json"


def test_a_file_that_is_not_there_is_told(named: NamedSources):
    with pytest.raises(DataError, match=r"a.json: cannot be read: No such file.*recipe's folder"):
        named.digest("a.json")


def test_a_resource_is_known_by_its_pin_without_being_fetched(named: NamedSources):
    assert named.digest("resource:minilm-l6") == PACKS["minilm-l6"].pin


def test_a_resource_is_brought(named: NamedSources):
    assert (named.place("resource:tiny-bert") / "config.json").is_file()


def test_an_unknown_resource_is_told(named: NamedSources):
    with pytest.raises(RecipeError, match="did you mean"):
        named.digest("resource:minilm-l7")
