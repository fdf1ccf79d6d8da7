import json

import pytest

from edgecompress.report.search import MOST_LINES, front_lines, front_table, search_document
from tests.report.searches import full_search
from tests.search.toys import Workers, course, run

TEACHER = {"accuracy": {"value": 0.9}, "robustness": {"value": 0.25}}


@pytest.fixture
def made(tmp_path):
    return run(course(tmp_path, Workers(), budget={"evaluations": 36}))


def test_the_table_has_the_front_and_below_it_the_teacher_on_the_same_rows(made):
    head, rows = front_table(made, TEACHER)
    assert head == [
        "student",
        "robustness",
        "accuracy",
        "loyalty",
        "params",
        "trainings",
        "made of",
    ]
    assert [row[0] for row in rows] == [*(one.name for one in made.front()), "teacher"]
    assert rows[-1] == ["teacher", "0.250", "0.900", "", "", "", ""]


def test_a_student_of_several_trainings_is_told_by_its_mean_and_its_range(made):
    _, rows = front_table(made, TEACHER)
    (elite, *_) = (row for row in rows if row[5] == "3")
    mean, low, high = elite[1].replace("[", "").replace("]", "").replace(",", "").split()
    assert float(low) < float(mean) < float(high)


def test_while_it_runs_only_the_first_of_a_long_front_are_told(made):
    lines = front_lines(made)
    assert len(lines) <= MOST_LINES + 1
    assert lines[0].startswith(made.front()[0].name)


def test_the_document_has_every_student_and_is_strict_json(tmp_path, holding):
    report = full_search(tmp_path, holding)
    text = json.dumps(search_document(report), allow_nan=False)
    document = json.loads(text)
    assert len(document["students"]) == len(report.course.students) == 32
    assert document["front"] == [one.name for one in report.course.front()]
    assert document["other_way"]["random"] is True
    assert document["hypervolume"]["points"]["evolution"][0] == [0, 0.0]
    assert [one["verdict"] for one in document["finalists"]] == ["holds", "holds", "undecided"]
    (failed,) = (one for one in document["students"] if one["failed"])
    assert failed["failed"].startswith("distill: the loss is not finite")


def test_choices_are_held_against_the_first_goal_that_is_no_cost(tmp_path, holding):
    report = full_search(tmp_path, holding)
    assert report.outcome == "robustness"
    names = [one.name for one in report.known]
    assert len(names) == len(set(names))
    assert {one.choice: one.value > 0 for one in report.effects if one.decided}["layer 0 kept"]
