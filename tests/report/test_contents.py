"""Checks keep what the kinds promise; what breaks a promise is shown plainly, never dropped."""

import pytest

from edgecompress.checks import accuracy, calibration, shift, slices
from edgecompress.core.exhibit import Exhibit, exhibits_of
from edgecompress.recipe.behaviour import Accuracy, Slices
from edgecompress.recipe.shifting import Calibration, Shift
from edgecompress.report.contents import KINDS, Plain, content_of
from tests.fakes import case, texts
from tests.report.full import exhibits

TRUTH = [0, 1, 2] * 40
OURS = [0, 1, 1] * 40
TEACHER = [0, 1, 2, 0, 1, 0] * 20


@pytest.fixture
def judged():
    """Three labels, and texts from elsewhere."""
    made = case(OURS, TEACHER, TRUTH, classes=3)
    made.data = {**made.data, "ood/other": texts(TRUTH[::-1], "ood/other")}
    return made


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        (accuracy, Accuracy(check="accuracy", data="test")),
        (slices, Slices(check="slices", data="test", by=("label",))),
        (calibration, Calibration(check="calibration")),
        (shift, Shift(check="shift")),
    ],
    ids=["accuracy", "slices", "calibration", "shift"],
)
def test_what_a_check_shows_is_what_its_kind_promises(judged, check, settings):
    shown = exhibits_of(check.measure(judged, settings))
    assert shown
    assert {type(content_of(exhibit)) for exhibit in shown} <= set(KINDS.values())


def test_the_made_up_report_has_every_kind():
    kinds = [type(content_of(exhibit)) for exhibit in exhibits()]
    assert set(kinds) == {*KINDS.values(), Plain}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("confusion", {"labels": ["a", "b"], "ours": [[1, 2]], "teacher": [[1, 2], [3, 4]]}),
        ("confusion", {"labels": ["a"], "ours": [[-1]], "teacher": [[1]]}),
        ("reliability", {"ours": [], "teacher": []}),
        ("coverage", {"ours": [[1.2, 0.5]], "teacher": [[1, 0.5]]}),
        ("latency", {"edges": [1.0, 2.0], "ours": [1, 2], "teacher": [1]}),
        ("latency", {"edges": [1.0, 1.0], "ours": [1], "teacher": [1]}),
        ("adversarial", {"attack": "pwws", "rows": [{"diff": [["lost", "x"]]}]}),
        ("table", {"columns": [{"name": "n", "unit": "count"}], "rows": [[1, 2]]}),
        ("table", {"columns": [{"name": "n", "unit": "count"}], "rows": [[float("nan")]]}),
        ("never heard of", {"anything": 1}),
    ],
)
def test_a_broken_promise_is_shown_as_it_stands(kind, content):
    assert content_of(Exhibit(kind, "title", "test", content)) == Plain(values=content)
