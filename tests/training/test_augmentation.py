from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.core.texts import UNLABELLED, TextSet
from edgecompress.data.changed_texts import Change
from edgecompress.data.tiny import make_tiny_bert, tiny_reviews
from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, save_model
from edgecompress.recipe.learning import Augment
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.augmentation import augment, told_of, with_changes
from edgecompress.training.teaching import meet

ASKED = Augment(rows=30, candidates=5)


@dataclass
class Listens(Silent):
    """Keeps the warnings."""

    warnings: list[str] = field(default_factory=list)

    def warn(self, line: str) -> None:
        self.warnings.append(line)


def made_texts(*rows, name="train") -> TextSet:
    origins = tuple(f"{name}.csv:{row + 2}" for row in range(len(rows)))
    return TextSet(name, rows, np.zeros(len(rows), np.int64), origins, "0" * 64)


@dataclass(frozen=True)
class Room:
    """A Classroom."""

    scratch: object
    data: dict
    progress: Listens = field(default_factory=Listens)
    aside: dict = field(default_factory=dict)
    seed: int = 7
    threads: int = 1
    keep: None = None


@pytest.fixture
def room(tmp_path) -> Room:
    texts = [text for text, _ in tiny_reviews("train")[:20]]
    return Room(tmp_path / "scratch", {"train": made_texts(*texts)})


@pytest.fixture
def pair(tmp_path, room):
    folder = tmp_path / "tiny"
    make_tiny_bert(folder)
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    save_model(load_pretrained(folder, ("a", "b"), seed=1), teacher)
    copy_tokenizer(folder, teacher, 48)
    room.scratch.mkdir()
    taught = load_pretrained(folder, ("a", "b"), seed=1)
    artifact = Artifact("torch-model", "0" * 64, "0" * 64, teacher, (), {})
    return meet(taught, TextEncoder(folder), artifact, room)


def test_the_teachers_word_table_proposes_where_there_is_no_masked_model(pair, room):
    made = augment(ASKED, None, pair, room)
    assert len(made) == 30
    for change in made:
        old, new = room.data["train"].texts[change.row].split(), change.text.split()
        assert len(old) == len(new)
        assert old != new


def test_a_second_look_finds_the_texts_of_the_first(pair, room):
    first = augment(ASKED, None, pair, room)
    nobody = replace(pair, teacher=None, teacher_reads=None)
    assert augment(ASKED, None, nobody, room) == first


def test_pairs_come_back_as_pairs(pair, room):
    texts = [text for text, _ in tiny_reviews("train")[:20]]
    train = made_texts(*zip(texts[:10], texts[10:], strict=True))
    pairs = replace(room, data={"train": train})
    first = augment(ASKED, None, pair, pairs)
    assert all(isinstance(change.text, tuple) for change in first)
    assert augment(ASKED, None, pair, pairs) == first


def test_too_few_words_for_the_rows_asked_for_are_told(pair, room):
    few = replace(room, data={"train": made_texts("the film")})
    made = augment(ASKED, None, pair, few)
    assert [change.text.split()[0] for change in made] == ["the"] * 5
    assert few.progress.warnings == ["augment: 30 texts were asked for, 5 could be made"]


def test_texts_without_a_word_to_change_are_refused(pair, room):
    with pytest.raises(StageError, match="not one word of train has another"):
        augment(ASKED, None, pair, replace(room, data={"train": made_texts("it is not")}))


def test_changed_texts_join_the_transfer_texts_without_labels(room):
    transfer = made_texts("a free text", name="transfer")
    data = {**room.data, "transfer": transfer}
    joined = with_changes([Change(3, "new"), Change(0, "newer")], data)
    assert joined.name == "transfer"
    assert joined.texts == ("a free text", "new", "newer")
    assert joined.origins == ("transfer.csv:2", "train.csv:5, changed", "train.csv:2, changed")
    assert joined.labels.tolist() == [UNLABELLED] * 3
    alone = with_changes([Change(3, "new"), Change(0, "newer")], room.data)
    assert alone.texts == joined.texts[1:]
    assert alone.digest != joined.digest


def test_the_report_shows_what_became_of_the_first_texts():
    train = made_texts(("one", "two"), ("three", "four"))
    told = told_of([Change(1, ("three", "five"))] * 4, train)
    assert told == {"texts": 4, "examples": [["three | four", "three | five"]] * 3}
