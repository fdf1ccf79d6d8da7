"""The index: a line for each run, the truth about it, and one script that may only sort."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edgecompress.report.index import Index, Listed, Unread, index_dumps, index_page
from tests.report.test_html import Tree
from tests.report.test_search_page import words

AT = datetime(2026, 11, 20, 8, 48, tzinfo=UTC)


def listed(report, name="nightly/first", link="nightly/first/report.html"):
    return Listed(name, link, AT, report)


@pytest.fixture
def index(holding, broken, full):
    runs = (listed(holding), listed(broken, "second", "second/report.html"), listed(full, "third"))
    return Index("reports", runs, (Unread("fourth", "is not a report"),))


def rows(index):
    return re.findall(r"<tr class.*?</tr>", index_page(index), re.DOTALL)


def test_each_run_is_a_line_with_a_link_and_its_verdict(index):
    told = rows(index)
    assert [re.search(r'<tr class="(\w+)"', row)[1] for row in told] == [
        *("holds", "broken", "undecided")
    ]
    assert '<a href="nightly/first/report.html">nightly/first</a>' in told[0]


def test_a_line_tells_size_speed_drop_and_date(index):
    told = words(rows(index)[0])
    for shown in ("17.2 MB", "12.3×12.0 to 12.6×", "0.8 points−0.4 to 2.1 points", "08:48"):
        assert shown in told


def test_what_does_not_hold_is_named(index):
    assert "1 of 8 limits is broken: label loyalty on test" in words(rows(index)[1])


def test_they_are_counted_by_verdict(index):
    assert "3 runs: 1 holds, 1 undecided, 1 broken." in words(index_page(index))


def test_a_number_that_was_not_measured_is_a_dash_that_stands_last(holding):
    gate = replace(holding.gate, verdicts=holding.gate.verdicts[:1])
    (row,) = rows(Index("x", (listed(replace(holding, gate=gate)),)))
    assert row.count('data-key="">–<') == 4


def test_what_cannot_be_read_is_told(index):
    assert "fourth: is not a report" in words(index_page(index))


def test_only_its_own_script_may_run(index):
    text = index_page(index)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'; " in text
    assert not re.search(r"url\(|@import|https?:|onclick|innerHTML", text)


def test_names_and_labels_stay_text(hostile):
    text = index_page(Index("<b>", (listed(hostile, "<b>&", "x'\"><script>"),)))
    tree = Tree(text)
    assert tree.open == []
    assert tree.all("b") == []
    assert len(tree.all("script")) == 1


def test_programs_get_the_numbers_unrounded(index):
    told = json.loads(index_dumps(index))
    first = told["runs"][0]
    assert (first["name"], first["verdict"], first["at"]) == (
        *("nightly/first", "holds", "2026-11-20T08:48:00+00:00"),
    )
    assert first["accuracy_drop"] == {
        **{"data": "test", "value": 0.0084, "low": -0.0041, "high": 0.0208}
    }
    assert told["unread"] == [{"name": "fourth", "why": "is not a report"}]
