"""The page at `/` in a real browser: it answers, alone, and everybody can use it."""

import json
from importlib.resources import files
from importlib.util import find_spec

import pytest

from tests.browser.chromium import Look, open_page
from tests.runtime.conftest import folder, make_model, tokenizer
from tests.serving.conftest import bundle, listening, settings

__all__ = ["bundle", "folder", "listening", "make_model", "settings", "tokenizer"]

AXE = """
axe.run({preload: false, resultTypes: ['violations']}).then(told => JSON.stringify(told))
"""
ASK = """
(async ([first, second]) => {
  document.getElementById("first").value = first;
  document.getElementById("second").value = second;
  document.getElementById("ask").requestSubmit();
  const told = () => document.querySelector("caption, #wrong:not(:empty)");
  while (!told()) await new Promise(done => setTimeout(done, 10));
  return document.querySelector("main").innerText;
})"""


@pytest.fixture
def opened(browser, listening):
    """Opens the page of a running server."""
    host, port = listening().address
    return lambda look=Look(): open_page(browser, f"http://{host}:{port}/", look)  # noqa: B008


def ask(tab, first, second=""):
    """What the page shows after a question."""
    return tab.run(f"{ASK}({json.dumps([first, second])})")


def test_it_answers_a_text(opened):
    shown = ask(opened(), "good film")
    assert "The answer: positive" in shown
    assert "73.1 %" in shown  # the logistic function of 1


def test_it_answers_a_pair(opened):
    assert "The answer: negative" in ask(opened(), "good", "bad bad")


def test_it_says_why_there_is_no_answer(opened):
    shown = ask(opened(), "a\ud800")
    assert "No answer: text 0: cannot be tokenized" in shown


def test_it_speaks_to_its_own_server_alone_and_complains_of_nothing(opened):
    tab = opened()
    ask(tab, "good film")
    tab.note_events()
    asked = [url.split("/", 3)[3] for url in tab.requests if not url.startswith("data:")]
    assert asked == ["", "v1/predict"]
    assert tab.messages == []


@pytest.mark.parametrize("width", [1200, 320])
def test_it_does_not_scroll_sideways(opened, width):
    tab = opened(Look(width=width))
    ask(tab, "good " * 200)
    assert tab.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_issue(opened, scheme):
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    tab = opened(Look(scheme))
    ask(tab, "good film")
    tab.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + ";0")
    found = json.loads(tab.run(AXE))
    assert len(found["passes"]) > 15  # it has looked at something
    assert [(v["id"], [n["html"] for n in v["nodes"][:3]]) for v in found["violations"]] == []
