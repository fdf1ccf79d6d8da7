"""What the digest of a role follows, and what it does not."""

import pytest

from tests.data.conftest import MakeData, WriteRows, balanced


def test_the_digest_does_not_read_or_fetch(make_data: MakeData):
    data = make_data({"train": {"source": "resource:imdb"}})
    assert len(data.digest("train")) == 64
    assert data.rows("train") == 25_000
    assert not data.resources.cache.exists()


def test_the_digest_follows_the_bytes_not_the_name(make_data: MakeData, write_rows: WriteRows):
    one = make_data({"test": {"source": write_rows("a.jsonl", balanced(4))}}).digest("test")
    same = make_data({"test": {"source": write_rows("b.jsonl", balanced(4))}}).digest("test")
    other = make_data({"test": {"source": write_rows("a.jsonl", balanced(6))}}).digest("test")
    assert one == same != other


@pytest.mark.parametrize(
    "change", [{"text": "body"}, {"map": {"x": "positive"}}, {"rows": 3}, {"sentences": True}]
)
def test_the_digest_follows_every_setting_that_changes_rows(
    make_data: MakeData, write_rows: WriteRows, change: dict[str, object]
):
    source = write_rows("r.jsonl", balanced(4))
    plain = make_data({"test": {"source": source}})
    changed = make_data({"test": {"source": source, **change}})
    assert plain.digest("test") != changed.digest("test")


def test_the_digest_of_an_origin_follows_those_who_draw_from_it(
    make_data: MakeData, write_rows: WriteRows
):
    train = {"source": write_rows("r.jsonl", balanced(50))}
    alone = make_data({"train": train})
    shared = make_data({"train": train, "validation": {"from": "train", "rows": 5}})
    assert alone.digest("train") != shared.digest("train")


def test_the_digest_ignores_why_overlap_is_allowed(make_data: MakeData, write_rows: WriteRows):
    source = write_rows("r.jsonl", balanced(4))
    plain = make_data({"test": {"source": source}})
    waived = make_data({"test": {"source": source, "allow_overlap": "a good reason"}})
    assert plain.digest("test") == waived.digest("test")


def test_the_digest_needs_the_seed_only_where_rows_are_drawn(
    make_data: MakeData, write_rows: WriteRows
):
    section = {"test": {"source": write_rows("r.jsonl", balanced(4))}}
    assert make_data(section, seed=1).digest("test") == make_data(section, seed=2).digest("test")


def test_the_digest_of_an_origin_ignores_those_whose_rows_stay(
    make_data: MakeData, write_rows: WriteRows
):
    train = {"source": write_rows("r.jsonl", balanced(50))}
    section = {"train": train, "calibration": {"from": "train", "rows": 5}}
    one, other = make_data(section, seed=1), make_data(section, seed=2)
    assert make_data({"train": train}).digest("train") == one.digest("train")
    assert one.digest("train") == other.digest("train")
    assert one.digest("calibration") != other.digest("calibration")
