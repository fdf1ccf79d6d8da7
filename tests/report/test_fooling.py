"""What fooled the model stands in every report, and as words, not as markup."""

from dataclasses import replace

import pytest

from edgecompress.report.fooling import fooling_finding, foolings
from edgecompress.report.html import page
from edgecompress.report.markdown import summary
from tests.report.conftest import HOSTILE, stage

FOUND = {
    "rows": 1400,
    "found": 597,
    "attacks": {
        "deepwordbug-10%": {"succeeded": 597, "failed": 523, "skipped": 280, "queries_mean": 24.1}
    },
    "examples": [
        {
            "origin": "train.csv:60",
            "label": "negative",
            "attack": "deepwordbug-10%",
            "diff": [["same", "the plot is"], ["gone", "messy."], ["new", "mesy."]],
        }
    ],
}


@pytest.fixture
def fooled(holding):
    teacher, *students = holding.stages
    found = stage("adversarial-examples", 180.0, FOUND, ())
    return replace(holding, stages=(teacher, found, *students))


def test_the_finding_tells_how_the_texts_ended_and_what_was_asked():
    assert fooling_finding(FOUND) == (
        "Of 1,400 training texts, by deepwordbug-10%: 597 fell, 523 stood, 280 were answered "
        "wrongly before; 24.1 questions a text."
    )


def test_each_attack_is_told():
    twice = {**FOUND, "attacks": FOUND["attacks"] | {"pwws": {"failed": 9, "queries_mean": 140.0}}}
    assert fooling_finding(twice).endswith(". By pwws: 9 stood; 140 questions a text.")


def test_a_run_that_looked_for_none_says_nothing_of_them(holding):
    assert foolings(holding.stages) == ()
    assert "fooled the model" not in page(holding)


def test_what_was_changed_is_marked_on_the_page(fooled):
    assert "<del>messy.</del> <ins>mesy.</ins>" in page(fooled)


def test_the_summary_tells_the_finding(fooled):
    assert "Training texts that fooled the model: Of 1,400 training texts" in summary(fooled)


def test_foreign_words_are_shown_not_obeyed(holding):
    example = {**FOUND["examples"][0], "label": HOSTILE, "diff": [["new", HOSTILE]]}
    found = stage("adversarial-examples", 1.0, {**FOUND, "examples": [example]}, ())
    told = page(replace(holding, stages=(*holding.stages, found)))
    assert "</script><b>" not in told
