from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from edgecompress.core.errors import DataError, MissingExtra, OfflineError, RecipeError
from edgecompress.data import late
from edgecompress.data.hub import read_split
from edgecompress.data.resources import Resources
from edgecompress.data.sources import source_of
from edgecompress.recipe.schema import DataRef

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CARD = """---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': negative
          '1': positive
---
"""


def wrong(resources: Resources, **ref: Any) -> None:
    source_of(DataRef(**ref), Path(), resources)


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ({"source": "resource:imbd"}, r'no resource "imbd"; did you mean "imdb"\?'),
        ({"source": "resource:imdb", "split": "tran"}, r'no split "tran"; did you mean "train"'),
        ({"source": "resource:tiny-reviews"}, "needs `split`: train, validation, test"),
        ({"source": "resource:minilm-l6"}, "holds weights, no texts; those are rotten-tomatoes"),
        ({"source": "resource:imdb", "revision": COMMIT}, "are for hub datasets; take them out"),
        ({"source": "r.csv", "split": "train"}, "a file has no splits"),
        ({"source": "r.csv", "config": "en"}, "are for hub datasets; take them out"),
        ({"source": "hub:some/data", "split": "train"}, "set `revision` to the commit to pin"),
        ({"source": "hub:some/data", "split": "train", "revision": "main"}, "got main"),
        ({"source": "hub:some/data", "revision": COMMIT}, "needs `split`, for example train"),
    ],
)
def test_a_source_that_cannot_be_is_a_mistake_of_the_recipe(
    resources: Resources, ref: dict[str, str], said: str
):
    with pytest.raises(RecipeError, match=said):
        wrong(resources, **ref)


def test_a_file_of_another_kind_is_refused_before_it_is_opened(resources: Resources):
    with pytest.raises(DataError, match=r"r\.txt: a data file ends in"):
        wrong(resources, source="r.txt")


def test_a_hub_dataset_is_known_by_its_commit_alone(resources: Resources):
    ref = DataRef(source="hub:some/data", split="train", revision=COMMIT)
    source = source_of(ref, Path(), resources)
    assert source.identity()["hub"] == {"dataset": "some/data", "revision": COMMIT}
    assert source.rows() is None


def test_a_hub_dataset_that_is_not_cached_cannot_be_read_offline(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    ref = DataRef(source="hub:some/data", split="train", revision=COMMIT)
    with pytest.raises(OfflineError, match=r"hub:some/data@0123.* is not in the hub cache"):
        source_of(ref, Path(), resources).table()


@pytest.fixture
def hub_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset as the hub lays it out, and a cache of `datasets` for this test alone."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "arrow")
    folder = tmp_path / "dataset"
    folder.mkdir()
    rows = {"text": ["a", "b", "c"], "label": [1, 0, -1]}
    pyarrow.parquet.write_table(pyarrow.table(rows), folder / "train.parquet")
    return folder


def test_a_hub_split_is_a_table_of_its_rows(hub_folder: Path):
    table = read_split(hub_folder, "hub:some/data", None, "train")
    assert list(table.column("text")) == ["a", "b", "c"]
    assert list(table.column("label")) == [1, 0, -1]
    assert (table.name, list(table.lines)) == ("hub:some/data/train", [1, 2, 3])


def test_hub_classes_come_by_name_and_minus_one_is_no_label(hub_folder: Path):
    (hub_folder / "README.md").write_text(CARD)
    table = read_split(hub_folder, "hub:some/data", None, "train")
    assert list(table.column("label")) == ["positive", "negative", None]


@pytest.mark.parametrize(("config", "split"), [(None, "test"), ("fr", "train")])
def test_a_hub_split_or_configuration_that_is_not_there_is_refused(
    hub_folder: Path, config: str | None, split: str
):
    with pytest.raises(DataError, match=rf"^hub:some/data: .*{config or split}"):
        read_split(hub_folder, "hub:some/data", config, split)


def test_a_missing_package_is_told_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(late.MODULES, "parquet", "no_such_package.at_all")
    with pytest.raises(MissingExtra, match=r'parquet needs no_such_package.*pip install "edge'):
        late.late("parquet")
