"""Where first weights come from."""

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.workflow.origin import origin_of


def test_a_resource_is_known_by_its_pin(ws, tmp_path):
    assert origin_of("resource:minilm-l6", None, tmp_path, ws.resources).folder is None


def test_a_folder_is_known_by_its_contents_not_its_place(ws, tmp_path):
    digests = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        digests.add(origin_of(name, None, tmp_path, ws.resources).digest)
    assert len(digests) == 1


def test_a_hub_model_needs_a_commit(ws, tmp_path):
    with pytest.raises(RecipeError, match="set `revision` to the commit to pin"):
        origin_of("someone/model", "main", tmp_path, ws.resources)


def test_a_pinned_hub_model_is_known_by_its_commit(ws, tmp_path):
    origin = origin_of("someone/model", "abcdef1", tmp_path, ws.resources)
    assert origin.digest == "hub:someone/model@abcdef1"


def test_a_folder_without_a_model_is_told(ws, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match="no config.json"):
        origin_of("./empty", None, tmp_path, ws.resources)
