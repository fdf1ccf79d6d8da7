import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.core.texts import UNLABELLED
from edgecompress.data.roles import Data
from tests.data.conftest import MakeData, WriteRows, balanced
from tests.fakes import Listener

TINY = "resource:tiny-reviews"


@pytest.fixture
def drawn(make_data: MakeData, write_rows: WriteRows) -> Data:
    """100 rows, of which 20 are for validation, 10 for the test and 30 for calibration."""
    return make_data(
        {
            "train": {"source": write_rows("r.jsonl", balanced(100))},
            "calibration": {"from": "train", "rows": 30},
            "validation": {"from": "train", "rows": 20},
            "test": {"from": "train", "rows": 10},
        }
    )


def test_a_role_has_the_rows_of_its_file_in_order(make_data: MakeData, write_rows: WriteRows):
    data = make_data({"test": {"source": write_rows("r.jsonl", balanced(4))}})
    loaded = data.load("test")
    assert loaded.texts == tuple(text for text, _ in balanced(4))
    assert loaded.labels.tolist() == [0, 1, 0, 1]
    assert loaded.origins == ("r.jsonl:1", "r.jsonl:2", "r.jsonl:3", "r.jsonl:4")


def test_a_resource_gives_the_split_asked_for(make_data: MakeData):
    data = make_data({"test": {"source": TINY, "split": "test"}})
    assert len(data.load("test")) == data.rows("test") == 600
    assert data.load("test").origins[0] == "tiny-reviews/test:1"


def test_loading_twice_gives_the_same_object(drawn: Data):
    assert drawn.load("train") is drawn.load("train")


def test_a_set_carries_the_digest_of_its_role(drawn: Data):
    for role in ("train", "validation", "calibration", "test"):
        assert drawn.load(role).digest == drawn.digest(role)


def test_two_readings_give_the_same_rows(make_data: MakeData):
    section = {
        "train": {"source": TINY, "split": "train", "rows": 500},
        "validation": {"from": "train", "rows": 100},
    }
    one, other = make_data(section), make_data(section)
    assert one.load("validation").origins == other.load("validation").origins
    assert one.load("train").origins == other.load("train").origins


def test_rows_drawn_for_validation_and_test_leave_their_origin(drawn: Data):
    sets = [set(drawn.load(role).origins) for role in ("train", "validation", "test")]
    assert [len(rows) for rows in sets] == [70, 20, 10]
    assert len(set.union(*sets)) == 100


def test_rows_drawn_for_calibration_stay_in_their_origin(drawn: Data):
    assert set(drawn.load("calibration").origins) < set(drawn.load("train").origins)


def test_rows_drawn_for_calibration_and_transfer_forget_their_labels(drawn: Data):
    assert set(drawn.load("calibration").labels.tolist()) == {UNLABELLED}


def test_drawn_rows_keep_the_shares_of_the_classes(drawn: Data):
    assert np.bincount(drawn.load("validation").labels).tolist() == [10, 10]


def test_texts_that_occur_twice_leave_together(make_data: MakeData, write_rows: WriteRows):
    rows = balanced(50)
    data = make_data(
        {
            "train": {"source": write_rows("r.jsonl", rows + [(t.upper(), y) for t, y in rows])},
            "test": {"from": "train", "rows": 40},
        }
    )
    assert data.leaks(["train"], ["test"])["test"]["rows"] == 0


def test_a_drawing_role_can_be_read_before_its_origin(make_data: MakeData, write_rows: WriteRows):
    source = write_rows("r.jsonl", balanced(100))
    section = {"train": {"source": source}, "validation": {"from": "train", "rows": 20}}
    one, other = make_data(section), make_data(section)
    one.load("train")
    assert one.load("validation").texts == other.load("validation").texts


def test_rows_draws_so_many(make_data: MakeData, write_rows: WriteRows):
    data = make_data({"test": {"source": write_rows("r.jsonl", balanced(100)), "rows": 10}})
    assert len(data.load("test")) == data.rows("test") == 10


def test_another_seed_draws_other_rows(make_data: MakeData, write_rows: WriteRows):
    section = {"test": {"source": write_rows("r.jsonl", balanced(100)), "rows": 10}}
    one, other = make_data(section, seed=1), make_data(section, seed=2)
    assert one.load("test").texts != other.load("test").texts
    assert one.digest("test") != other.digest("test")


def test_more_rows_than_there_are_is_refused_before_reading(
    make_data: MakeData, write_rows: WriteRows
):
    data = make_data({"test": {"source": TINY, "split": "test", "rows": 1000}})
    with pytest.raises(DataError, match=r"data\.test: asks for 1,000 rows, there are 600"):
        data.rows("test")


def test_more_rows_than_the_others_leave_is_refused(make_data: MakeData, write_rows: WriteRows):
    data = make_data(
        {
            "train": {"source": write_rows("r.jsonl", balanced(20))},
            "validation": {"from": "train", "rows": 15},
            "test": {"from": "train", "rows": 10},
        }
    )
    with pytest.raises(DataError, match=r"data\.test: asks for 10 rows, there are 5"):
        data.load("train")


def test_drawing_from_a_drawn_role_is_a_mistake(make_data: MakeData):
    data = make_data(
        {
            "train": {"source": TINY, "split": "train"},
            "validation": {"from": "train", "rows": 100},
            "calibration": {"from": "validation", "rows": 10},
        }
    )
    with pytest.raises(RecipeError, match="validation is itself drawn from train; draw from that"):
        data.digest("calibration")


def test_a_drawn_role_cannot_be_read_in_its_own_way(make_data: MakeData):
    data = make_data(
        {
            "train": {"source": TINY, "split": "train"},
            "validation": {"from": "train", "rows": 100, "map": {"1": "positive"}},
        }
    )
    with pytest.raises(RecipeError, match="drawn rows are read as train says; take out map"):
        data.digest("validation")


@pytest.mark.parametrize("section", [{}, {"source": TINY, "from": "train"}])
def test_a_role_needs_one_origin(make_data: MakeData, section: dict[str, str]):
    data = make_data({"train": {"source": TINY, "split": "train"}, "validation": section})
    with pytest.raises(RecipeError, match="needs exactly one of `source` and `from`"):
        data.digest("validation")


def test_an_unknown_role_is_a_mistake(drawn: Data):
    with pytest.raises(RecipeError, match=r'no data role "tset"; did you mean "test"\?'):
        drawn.load("tset")


def test_transfer_texts_have_no_labels(make_data: MakeData):
    data = make_data({"transfer": {"source": TINY, "split": "train", "rows": 50}})
    assert set(data.load("transfer").labels.tolist()) == {UNLABELLED}


def test_transfer_texts_that_the_gate_judges_on_are_left_out(
    make_data: MakeData, write_rows: WriteRows, listener: Listener
):
    judged = {"source": write_rows("test.jsonl", [("Terrible.", "negative"), ("b", "positive")])}
    transfer = {"source": write_rows("t.jsonl", [("c", "x"), ("terrible.", "x"), ("d", "x")])}
    data = make_data({"transfer": transfer, "test": judged})
    assert data.load("transfer").texts == ("c", "d")
    assert "data.transfer: 1 texts that the gate judges on left out" in listener.lines


def test_the_digest_of_transfer_texts_sees_what_they_are_kept_apart_from(
    make_data: MakeData, write_rows: WriteRows
):
    transfer = {"source": TINY, "split": "train"}
    one = make_data({"transfer": transfer, "test": {"source": TINY, "split": "test"}})
    other = make_data({"transfer": transfer, "test": {"source": TINY, "split": "validation"}})
    assert one.digest("transfer") != other.digest("transfer")


def test_empty_transfer_texts_are_dropped_with_a_word(
    make_data: MakeData, write_rows: WriteRows, listener: Listener
):
    data = make_data({"transfer": {"source": write_rows("r.jsonl", [("a", "x"), (" ", "x")])}})
    assert data.notes("transfer")["dropped_empty"] == 1
    assert listener.warnings == ["data.transfer: 1 empty texts dropped"]


@pytest.mark.parametrize("role", ["train", "validation", "test", "transfer"])
def test_a_role_without_rows_is_refused(make_data: MakeData, write_rows: WriteRows, role: str):
    data = make_data({role: {"source": write_rows("r.csv", [])}})
    (data.base / "r.csv").write_text("text,label\n")
    with pytest.raises(DataError, match=rf"data\.{role}: no rows"):
        data.load(role)


@pytest.mark.parametrize("role", ["train", "validation", "test"])
def test_one_class_alone_is_refused(make_data: MakeData, write_rows: WriteRows, role: str):
    data = make_data({role: {"source": write_rows("r.jsonl", [("a", "positive")] * 3)}})
    with pytest.raises(DataError, match=rf'data\.{role}: all 3 rows are "positive"'):
        data.load(role)


def test_texts_out_of_distribution_may_be_of_one_class(make_data: MakeData, write_rows: WriteRows):
    source = write_rows("r.jsonl", [("a", "positive"), ("b", "positive")])
    assert len(make_data({"ood": {"books": {"source": source}}}).load("ood/books")) == 2


def test_a_missing_file_is_told_with_its_name(make_data: MakeData):
    data = make_data({"test": {"source": "gone.csv"}})
    with pytest.raises(DataError, match=r"gone\.csv: cannot be read: No such file"):
        data.digest("test")


def test_rows_of_a_small_file_are_counted(make_data: MakeData, tmp_path: Path):
    (tmp_path / "r.csv").write_text('text,label\n"a\nb",positive\nc,negative\n')
    assert make_data({"test": {"source": "r.csv"}}).rows("test") == 2


def test_rows_of_a_large_file_are_not_counted(make_data: MakeData, tmp_path: Path):
    (tmp_path / "r.csv").write_text("text,label\n" + "a,positive\n" * 800_000)
    assert make_data({"test": {"source": "r.csv"}}).rows("test") is None


def test_rows_of_a_small_file_are_inspected(make_data: MakeData, write_rows: WriteRows):
    source = write_rows("r.jsonl", [("a film", "positive"), ("a bore", "bad")])
    data = make_data({"train": {"source": source}, "transfer": {"source": source}})
    with pytest.raises(DataError, match='r.jsonl:2: unknown label "bad"'):
        data.inspect("train")
    data.inspect("transfer")  # nobody reads its labels


def test_rows_are_unknown_where_texts_are_cut(make_data: MakeData):
    section = {"transfer": {"source": TINY, "split": "train", "sentences": True}}
    assert make_data(section).rows("transfer") is None


def test_the_rows_of_an_origin_are_what_is_left(drawn: Data):
    assert [drawn.rows(role) for role in ("train", "validation", "calibration")] == [70, 20, 30]


def test_the_same_text_in_training_and_test_is_a_leak(make_data: MakeData, write_rows: WriteRows):
    shared = [("Text  Number 3", "positive")]
    data = make_data(
        {
            "train": {"source": write_rows("train.jsonl", balanced(10))},
            "test": {"source": write_rows("test.jsonl", balanced(9, "row") + shared)},
        }
    )
    with pytest.raises(
        DataError,
        match=r"data\.test: 1 of 10 rows are training texts too \(1 in train\), "
        r"e\.g\. test\.jsonl:10 = train\.jsonl:4; .*allow_overlap",
    ):
        data.leaks(["train"], ["test"])


def test_a_tolerated_leak_is_recorded_with_its_reason(make_data: MakeData, write_rows: WriteRows):
    source = write_rows("r.jsonl", balanced(10))
    data = make_data(
        {
            "train": {"source": source},
            "test": {"source": source, "allow_overlap": "memory is what we measure"},
        }
    )
    assert data.leaks(["train"], ["test"]) == {
        "test": {"rows": 10, "with": {"train": 10}, "reason": "memory is what we measure"}
    }


def test_roles_without_a_leak_are_recorded_too(make_data: MakeData):
    data = make_data(
        {
            "train": {"source": TINY, "split": "train"},
            "validation": {"source": TINY, "split": "validation"},
            "test": {"source": TINY, "split": "test"},
        }
    )
    found = data.leaks(["train", "validation"], ["test"])
    assert found == {"test": {"rows": 0, "with": {}, "reason": None}}


def test_notes_are_json_values(drawn: Data):
    notes = drawn.notes("validation")
    assert json.loads(json.dumps(notes)) == notes
    assert notes["classes"] == {"negative": 10, "positive": 10}


def test_importing_it_loads_nothing_heavy():
    heavy = ["datasets", "pyarrow", "torch", "transformers", "onnx", "huggingface_hub"]
    code = f"import sys, edgecompress.data.roles; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
