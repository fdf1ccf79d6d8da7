"""A number that a check would not give is told by every report, and its limit as undecided."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from edgecompress.core.gate import GateReport
from edgecompress.report.annotations import annotations
from edgecompress.report.card import card
from edgecompress.report.html import page
from edgecompress.report.json import document
from edgecompress.report.junit import junit
from edgecompress.report.markdown import summary
from edgecompress.report.table import text_table
from edgecompress.report.verdicts import headline, sentence

TOLD = "relative bias on ood: limit ≤ 1.1: no number can be given: no gap"


def _card(report):
    return card(report, license="other", language="en", labels=("a", "b"))


@pytest.mark.parametrize("tell", [page, summary, text_table, junit, _card])
def test_every_report_tells_why(refusing, tell):
    text = tell(refusing)
    assert "no gap" in text
    assert "near chance" in text or tell is junit  # which has no limit, and so no test case


def test_its_limit_counts_as_undecided(refusing):
    assert headline(refusing.gate) == "1 of 9 limits cannot be decided with this much data"
    assert sentence(refusing.gate.refusals[0]) == TOLD


def test_a_gate_of_refused_limits_alone_is_not_empty(refusing):
    alone = GateReport((), refusals=refusing.gate.refusals[:1])
    assert headline(alone) == "1 of 1 limit cannot be decided with this much data"


def test_junit_counts_a_failure(refusing):
    suite = ElementTree.fromstring(junit(refusing)).find("testsuite")
    (case,) = suite.findall("testcase/failure/..")
    assert (case.get("classname"), case.get("name")) == (
        "edgecompress.shift",
        "relative_bias on ood",
    )
    assert case.find("failure").get("type") == "undecided"


def test_json_lists_it_apart_from_the_numbers(refusing):
    assert document(refusing)["refused"] == [
        {
            "check": "shift",
            "name": "relative_bias",
            "data": "ood",
            "why": "no gap",
            "limit": {"at_most": 1.1},
            "outcome": "undecided",
        },
        {
            "check": "shift",
            "name": "relative_bias",
            "data": "ood",
            "part": "names",
            "why": "near chance",
            "limit": None,
            "outcome": "reported",
        },
    ]


def test_it_stands_with_its_check_in_the_table_of_the_page(refusing):
    gate = page(refusing).split('id="gate"')[1]
    judged = gate.split("Also measured")[0]
    assert judged.index(">shift<") < judged.index("no gap") < judged.index("</table>")


def test_an_annotation_is_a_warning(refusing):
    (line,) = annotations(refusing, "recipe.yaml")
    assert line.startswith("::warning file=recipe.yaml,title=UNDECIDED shift of quickstart%3A ")
    assert line.endswith("no number can be given: no gap")


def test_a_reason_may_hold_markup(refusing):
    refusal = refusing.gate.refusals[0]
    loud = replace(refusal, refused=replace(refusal.refused, why="<b>a|b</b>"))
    report = replace(refusing, gate=replace(refusing.gate, refusals=(loud,)))
    assert "<b>" not in page(report)
    assert r"\<b\>a\|b" in summary(report)
