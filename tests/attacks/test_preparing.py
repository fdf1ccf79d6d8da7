"""What has to be there before anybody is attacked."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from edgecompress.attacks.method import Target
from edgecompress.attacks.preparing import (
    COMPARED,
    Room,
    drawn_rows,
    methods_of,
    target_of,
    torch_target,
)
from edgecompress.core.case import Case
from edgecompress.core.errors import DataError, MeasureError
from edgecompress.recipe.attacking import Attack
from tests.fakes import case, contestant, texts


class Named:
    """Every source is a file of its own name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def digest(self, name: str) -> str:
        return name

    def place(self, name: str) -> Path:
        return self.folder / name.replace(":", "-")


def settings(**more: object) -> Attack:
    return Attack.model_validate_json(json.dumps({"check": "attack", **more}))


@pytest.fixture
def here(tmp_path: Path) -> Case:
    """60 rows of one label, 40 of the other."""
    truth = [0] * 60 + [1] * 40
    (tmp_path / "resource-minilm-l6").mkdir()
    return replace(
        case(truth, truth, truth), sources=Named(tmp_path), keep=lambda asked, make: tmp_path
    )


def around(here: Case) -> Room:
    return Room(here.keep, here.progress, here.sources.place)


def test_the_draw_keeps_the_shares_of_the_labels(here: Case):
    assert Counter(drawn_rows(here.data["test"], 50, here.seed).labels.tolist()) == {0: 30, 1: 20}


def test_the_draw_is_the_same_again_and_another_for_another_seed(here: Case):
    first, again = (drawn_rows(here.data["test"], 20, 7).texts for _ in range(2))
    assert first == again
    assert drawn_rows(here.data["test"], 20, 8).texts != first


def test_more_rows_than_there_are_is_a_mistake(here: Case):
    with pytest.raises(DataError, match="attack: asks for 101 rows, test has 100; ask for fewer"):
        drawn_rows(here.data["test"], 101, 7)


def test_each_recipe_reads_only_what_it_needs(here: Case, tmp_path: Path):
    asked = settings(
        recipes=["pwws", "textbugger", "word-swap-minilm", "word-swap-table"], neighbours="t.json"
    )
    found = {m.recipe: set(m.files) for m in methods_of(around(here), asked, pairs=False)}
    assert found == {
        "pwws": set(),
        "textbugger": {"encoder", "words"},
        "word-swap-minilm": {"encoder", "words"},
        "word-swap-table": {"encoder", "words"},
    }
    (table,) = (
        m for m in methods_of(around(here), asked, pairs=False) if m.recipe == "word-swap-table"
    )
    assert table.files["words"] == tmp_path / "t.json"


def test_a_threshold_reaches_only_recipes_that_look_at_it(here: Case):
    asked = settings(recipes=["pwws", "word-swap-minilm"], window=9)
    found = {
        m.recipe: m.thresholds.get("window") for m in methods_of(around(here), asked, pairs=False)
    }
    assert found == {"pwws": None, "word-swap-minilm": 9}


def test_the_column_counts_for_pairs_alone(here: Case):
    asked = settings(recipes=["pwws"], column="text_pair")
    columns = [next(methods_of(around(here), asked, pairs=pairs)).column for pairs in (False, True)]
    assert columns == [None, "text_pair"]


def test_a_model_that_no_worker_can_load_is_an_error(here: Case):
    rows = drawn_rows(here.data["test"], 10, 7)
    with pytest.raises(MeasureError, match="no worker can load the candidate, fake"):
        target_of(around(here), "candidate", contestant("fake", object()), rows)


@pytest.mark.parametrize("rows", [COMPARED, 3 * COMPARED + 1])
def test_a_graph_is_compared_on_rows_from_all_over_the_role(here: Case, tmp_path: Path, rows: int):
    (tmp_path / "facts.json").write_text('{"equal": true}')
    compared: list[str] = []

    def keep(asked, make) -> Path:
        compared.extend(asked["texts"])
        return tmp_path

    drawn = drawn_rows(texts([0, 1] * rows), rows, 7)
    torch_target(replace(around(here), keep=keep), Target("model", "abc", tmp_path), drawn)
    assert COMPARED / 2 < len(compared) <= COMPARED
    assert drawn.texts.index(compared[-1]) >= rows - rows // len(compared) - 1
