"""Pages of a run and of a search in a real browser: silent, alone, accessible, no wider than it."""

import json
from importlib.resources import files
from importlib.util import find_spec

import pytest

from tests.browser.chromium import Look

LIGHT, DARK = Look("light"), Look("dark")
PHONE = Look(width=380)
PAPER = Look(medium="print", width=720)  # A4 within its margins
PAGES = ["full", "hostile", "subnetworks", "cells"]
OPEN_ALL = "document.querySelectorAll('details').forEach(found => found.open = true)"
TOO_WIDE = """
[...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll > *'))
    .map(e => e.outerHTML.slice(0, 120))
"""
AXE = """
axe.run({preload: false, resultTypes: ['violations']}).then(told => JSON.stringify(told))
"""


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(opened, name):
    tab = opened(name, LIGHT)
    assert [url.split("/")[-1] for url in tab.requests] == ["report.html"]
    assert tab.messages == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("look", [LIGHT, PHONE], ids=["desk", "phone"])
def test_the_page_does_not_scroll_sideways(opened, name, look):
    tab = opened(name, look)
    tab.run(OPEN_ALL)
    assert tab.run(TOO_WIDE) == []
    assert tab.run("document.documentElement.scrollWidth") <= look.width


@pytest.mark.parametrize("name", ["full", "subnetworks", "cells"])
def test_everything_fits_on_paper(opened, name):
    # a table that scrolls on a screen would be cut off on paper
    tab = opened(name, PAPER)
    assert tab.run("document.documentElement.scrollWidth") <= PAPER.width


@pytest.mark.parametrize("name", ["full", "subnetworks", "cells"])
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_axe_finds_no_serious_issue(opened, name, look):
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    tab = opened(name, look)
    tab.run(OPEN_ALL)
    tab.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + ";0")
    found = json.loads(tab.run(AXE))
    assert len(found["passes"]) > 15  # it has looked at something
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"] for n in v["nodes"][:3]]) for v in serious] == []
