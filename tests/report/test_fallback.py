"""Which operators stayed floating stands where a stage is told, with what each was good for."""

from dataclasses import replace

import pytest

from edgecompress.report.fallback import fallbacks
from edgecompress.report.html import page
from edgecompress.report.markdown import summary

PLAIN = {"bytes": 17.5e6, "label_loyalty": 0.612, "accuracy_drop": 0.2}
RETURNED = [
    {
        "operator": "layers.1/attention/out",
        "kind": "MatMul",
        "error": 0.31,
        "bytes": 17.9e6,
        "label_loyalty": 0.97,
        "accuracy_drop": 0.01,
    },
    {
        "operator": "layers.0/<b>up</b>",
        "kind": "MatMul",
        "error": 0.12,
        "bytes": 19.7e6,
        "label_loyalty": 0.99,
        "accuracy_drop": 0.0,
    },
]
FACTS = {
    "texts": 800,
    "operators": 16,
    "limits": {"label_loyalty_at_least": 0.98, "accuracy_drop_at_most": 0.02},
    "plain": PLAIN,
    "returned": RETURNED,
    "errors": {},
    "holds": True,
}


@pytest.fixture
def searched(holding):
    """Gives the holding report of a recipe whose last stage searched, with these facts changed."""

    def change(**changes):
        *before, last = holding.stages
        facts = {**last.facts, "fallback": {**FACTS, **changes}}
        return replace(holding, stages=(*before, replace(last, facts=facts)))

    return change


def test_a_stage_that_did_not_search_tells_nothing(holding):
    assert fallbacks(holding.stages) == ()
    assert "left floating" not in page(holding)


def test_the_finding_tells_what_was_broken_and_how_it_ended(searched):
    (found,) = fallbacks(searched().stages)
    assert found.finding == (
        "With all 16 operators in 8 bits, label loyalty was 61.2 % (≥ 98 %) and accuracy drop was "
        "20.0 points (≤ 2 points) on 800 validation texts. 2 have gone back to float, first what "
        "moves the logits most when it alone is in 8 bits; then label loyalty was 99.0 % (≥ 98 %) "
        "and accuracy drop was 0.0 points (≤ 2 points). All limits hold."
    )


def test_an_end_without_success_is_told(searched):
    (found,) = fallbacks(searched(returned=RETURNED[:1], holds=False).stages)
    assert "1 has gone back to float" in found.finding
    assert "Not all limits hold: train for 8 bits." in found.finding


def test_where_nothing_went_back_there_is_no_table(searched):
    (found,) = fallbacks(searched(plain=RETURNED[1], returned=[]).stages)
    assert found.finding.startswith("All 16 operators are in 8 bits: on 800 validation texts label")
    assert found.sheet is None


def test_the_table_begins_with_nothing_and_tells_bytes_and_errors(searched):
    (found,) = fallbacks(searched().stages)
    assert found.sheet.rows[0] == ("nothing", "–", "61.2 %", "20.0 points", "17.5 MB")
    assert found.sheet.rows[1][:3] == ("layers.1/attention/out", "0.310 logits²", "97.0 %")


def test_page_and_summary_show_the_table(searched):
    text = page(searched())
    assert "<h3>Operators left floating</h3>" in text
    assert "layers.0/&lt;b&gt;up&lt;/b&gt;" in text
    lines = summary(searched()).splitlines()
    assert "| layers.1/attention/out | 0.310 logits² | 97.0 % | 1.0 points | 17.9 MB |" in lines
