"""The index in a real browser: rows are sorted by a click, and everybody can use it."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec

import pytest

from edgecompress.report.index import Index, Listed, Unread, index_page
from tests.browser.chromium import Look, open_page
from tests.browser.test_report_page import AXE, TOO_WIDE
from tests.report.conftest import broken

__all__ = ["broken"]

NAMES = "[...document.querySelectorAll('tbody th a')].map(found => found.textContent)"
CLICK = "[...document.querySelectorAll('thead button')].find(b => b.textContent === {}).click()"


@pytest.fixture
def tab(browser, holding, broken, full, tmp_path):
    """Opens an index of three runs."""

    def at(day):
        return datetime(2026, 11, day, 8, 48, tzinfo=UTC)

    runs = tuple(
        Listed(name, f"{name}/report.html", at(day), report)
        for name, day, report in (("new", 20, broken), ("mid", 12, full), ("old", 3, holding))
    )
    page = index_page(Index("reports", runs, (Unread("bad", "is not a report"),)))
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    return lambda look=Look(): open_page(browser, (tmp_path / "index.html").as_uri(), look)  # noqa: B008


def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(tab):
    opened = tab()
    assert [url.split("/")[-1] for url in opened.requests] == ["index.html"]
    assert opened.messages == []


def test_a_click_sorts_and_another_turns_it_round(tab):
    opened = tab()
    assert opened.run(NAMES) == ["new", "mid", "old"]
    opened.run(CLICK.format("'Judged'"))
    assert opened.run(NAMES) == ["old", "mid", "new"]
    opened.run(CLICK.format("'Verdict'"))
    assert opened.run(NAMES) == ["old", "mid", "new"]  # holds, undecided, broken
    opened.run(CLICK.format("'Verdict'"))
    assert opened.run(NAMES) == ["new", "mid", "old"]
    sorted_by = "document.querySelector('[aria-sort]').innerText + ' ' + {}"
    state = "document.querySelector('[aria-sort]').getAttribute('aria-sort')"
    assert opened.run(sorted_by.format(state)).split() == ["Verdict", "descending"]


@pytest.mark.parametrize("look", [Look(), Look(width=380)], ids=["desk", "phone"])
def test_the_page_does_not_scroll_sideways(tab, look):
    opened = tab(look)
    assert opened.run(TOO_WIDE) == []
    assert opened.run("document.documentElement.scrollWidth") <= look.width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_issue(tab, scheme):
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    opened = tab(Look(scheme))
    opened.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + ";0")
    found = json.loads(opened.run(AXE))
    assert len(found["passes"]) > 15  # it has looked at something
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"] for n in v["nodes"][:3]]) for v in serious] == []
