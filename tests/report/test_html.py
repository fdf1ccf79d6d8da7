"""report.html: one file, no network, no script, readable by everyone, the same bytes each time."""

import re
from html.parser import HTMLParser

import pytest

from edgecompress.report.html import page

VOID = {"meta", "br", "link"}
REPORTS = ["holding", "broken", "undecided", "empty", "scored", "full", "hostile"]


class Tree(HTMLParser):
    """Every tag with its attributes, all text, and whether tags close in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.pictures = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "svg" and "svg" not in self.open:
            self.pictures.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(params=REPORTS)
def text(request):
    return page(request.getfixturevalue(request.param))


def test_tags_are_closed_in_order(text):
    assert Tree(text).open == []


def test_it_loads_nothing_and_runs_nothing(text):
    tree = Tree(text)
    assert tree.all("script") == tree.all("link") == tree.all("img") == tree.all("iframe") == []
    assert not re.search(r"url\(|@import|https?:", text)
    assert not any(name.startswith("on") for _, attrs in tree.tags for name in attrs)


def test_a_policy_forbids_what_is_not_there_anyway(text):
    (policy,) = [m["content"] for m in Tree(text).all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_it_is_small_enough_to_mail(text):
    assert len(text.encode()) <= 400_000


def test_every_picture_has_words_or_is_hidden(text):
    pictures = Tree(text).pictures
    assert all(a.get("aria-hidden") == "true" or a.get("aria-label") for a in pictures)


def test_every_head_cell_says_what_it_heads(text):
    assert all(attrs.get("scope") in ("col", "row", "rowgroup") for attrs in Tree(text).all("th"))


def test_every_link_leads_somewhere(text):
    tree = Tree(text)
    ids = [attrs["id"] for _, attrs in tree.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in tree.all("a")} <= set(ids)


def test_there_is_one_main_heading_and_a_language(text):
    tree = Tree(text)
    assert len(tree.all("h1")) == len(tree.all("main")) == 1
    assert tree.all("html") == [{"lang": "en"}]


def test_no_foreign_text_hides_or_reorders(text):
    assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_foreign_text_is_shown_not_obeyed(hostile):
    tree = Tree(page(hostile))
    assert tree.all("b") == []
    assert "49" not in "".join(tree.words[:40])
    assert "</script><b>&\"'|`" in "".join(tree.words)


@pytest.mark.parametrize("name", REPORTS)
def test_rendering_again_gives_the_same_bytes(request, name):
    report = request.getfixturevalue(name)
    assert page(report) == page(report)


def test_the_first_words_are_the_verdict_and_what_decides_it(undecided):
    words = " ".join("".join(Tree(page(undecided)).words).split())
    banner = words[words.index("UNDECIDED quickstart") :][:300]
    assert "1 of 8 limits cannot be decided" in banner
    assert "label loyalty on test: 90.9 % (89.5 to 92.0 %)" in banner.replace("\xa0", " ")
    assert "about 4,956 rows would decide it" in banner


def test_every_measurement_stands_in_a_table(holding):
    words = "".join(Tree(page(holding)).words).replace("\xa0", " ")
    assert all(v.measured.name in words for v in holding.gate.verdicts)
    assert all(v.measured.method in words for v in holding.gate.verdicts)


def test_outcomes_are_told_by_shape_and_word_not_by_colour_alone(undecided):
    text = page(undecided)
    assert ">undecided</td>" in text
    assert 'class="shape" d="M0 -' in text  # the diamond


def test_dark_print_and_still_are_provided_for(holding):
    text = page(holding)
    for query in ("prefers-color-scheme: dark", "@media print", "prefers-reduced-motion"):
        assert query in text


def _palettes(text):
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def _contrast(one, other):
    """WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TINTS = ("holds-tint", "broken-tint", "undecided-tint", "reported-tint")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card", *TINTS])
@pytest.mark.parametrize("ink", ["ink", "soft"])
def test_text_can_be_read_on_every_ground(holding, scheme, ground, ink):
    colours = _palettes(page(holding))[scheme]
    assert _contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["holds", "broken", "plain"])
def test_marks_can_be_seen(holding, scheme, mark):
    # the yellow of "undecided" is always drawn with a dark or light outline or sign
    colours = _palettes(page(holding))[scheme]
    assert _contrast(colours[mark], colours["card"]) >= 3
