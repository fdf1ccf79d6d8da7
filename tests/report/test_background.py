"""What a page tells of the rows that stood behind it."""

import pytest

from edgecompress.report.background import rows_of_roles, shared_rows

DATA = {
    "train": {"rows": 8530, "classes": {"a": 1, "b": 2}, "dropped_empty": 0},
    "transfer": {"rows": 40_000, "classes": "no labels"},
    "overlap": {"test": {"rows": 0, "with": {}, "reason": None}},
}


def test_each_role_has_a_line_and_what_is_known_of_any_a_column():
    sheet = rows_of_roles(DATA)
    assert [head.name for head in sheet.head] == ["role", "rows", "classes", "dropped empty"]
    assert sheet.rows == (
        ("train", "8,530", "a 1; b 2", "0"),
        ("transfer", "40,000", "no labels", "–"),
    )


def test_a_column_of_counts_stands_to_the_right():
    assert [head.number for head in rows_of_roles(DATA).head] == [False, True, False, False]


def test_long_rows_are_lists_on_a_phone():
    assert not rows_of_roles(DATA).long
    many = {"train": {"rows": 8530, "classes": dict.fromkeys("abcdefgh", 100)}}
    assert rows_of_roles(many).long


@pytest.mark.parametrize("data", [{}, {"overlap": DATA["overlap"]}, {"train": {}}])
def test_without_notes_there_is_no_table(data):
    assert rows_of_roles(data) is None


def test_that_nothing_is_shared_is_said_once():
    assert shared_rows(DATA) == ["No text of test trains or tunes anything."]


def test_what_is_shared_is_told_with_its_reason():
    told = {"rows": 12, "with": {"train": 10, "transfer": 2}, "reason": "short answers repeat"}
    assert shared_rows({"overlap": {"ood/b": told, **DATA["overlap"]}}) == [
        "12 rows of ood/b stand in what trains, too (train 10; transfer 2): short answers repeat"
    ]


def test_where_nobody_has_looked_nothing_is_said():
    assert shared_rows({}) == []
