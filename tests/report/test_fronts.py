import pytest

from edgecompress.report.fronts import growth_plot, pictures
from edgecompress.report.goals import measured, of_teacher
from edgecompress.search.course import Candidate
from tests.report.searches import TEACHER, full_search


@pytest.fixture
def report(tmp_path, holding):
    return full_search(tmp_path, holding)


def test_what_is_to_be_high_stands_against_what_is_to_be_low_and_against_each_other(report):
    assert [picture.title for picture in pictures(report)] == [
        "Accuracy under attack against latency",
        "Accuracy against latency",
        "Accuracy under attack against accuracy",
    ]


def test_everybody_is_drawn_where_they_belong(report):
    first = pictures(report)[0]
    counts = {group.who: len(group.marks) for group in first.groups}
    front = report.course.front()
    attacked = [one for one in report.course.students if one.has(["robustness"])]
    assert counts["front"] == len(front)
    assert counts["tried"] == len(attacked) - len(front)
    assert counts["random"] == len(report.beside.front())
    assert counts["plain"] == 1
    assert first.level  # of the teacher


def test_every_student_of_the_front_is_in_one_label(report):
    for picture in pictures(report):
        marks = picture.groups[-1].marks
        told = [int(n) for mark in marks if mark.label for n in mark.label.split(", ")]
        assert sorted(told) == list(range(1, len(marks) + 1))


def test_all_places_lie_inside_the_picture(report):
    for picture in pictures(report):
        for group in picture.groups:
            for mark in group.marks:
                places = (mark.x, mark.y, mark.low, mark.high)
                assert all(0 <= float(place.rstrip("%")) <= 100 for place in places)


def test_of_several_trainings_mean_and_range_are_told_and_of_one_its_interval():
    thrice: Candidate[object] = Candidate(
        "a",
        None,
        0,
        {},
        {seed: {"accuracy": {"value": v, "n": 9}} for seed, v in enumerate((0.4, 0.6, 0.8))},
    )
    m = measured(thrice, "accuracy")
    assert (m.value, m.low, m.high) == (pytest.approx(0.6), 0.4, 0.8)
    assert m.method == "lowest to highest of 3 trainings"
    once = of_teacher(TEACHER, "robustness")
    assert (once.low, once.high) == (0.109, 0.255)
    assert of_teacher(TEACHER, "latency_ms") is None


def test_growth_is_drawn_for_both_ways(report):
    plot = growth_plot(report)
    assert [one.who for one in plot.series] == ["ours", "teacher"]
    assert plot.words.startswith("evolution ends at")
