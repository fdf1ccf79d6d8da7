"""search-report.html: what the page of a run promises, and what only a search has to say."""

import re
from dataclasses import replace

import pytest

from edgecompress.report.search_page import search_page
from tests.report.searches import course, full_search, searched
from tests.report.test_html import Tree

SPACES = ["subnetworks", "cells"]


@pytest.fixture(params=SPACES)
def report(request, tmp_path, holding):
    return full_search(tmp_path, holding, request.param)


@pytest.fixture
def bare(report, tmp_path):
    """Neither baseline nor plain student nor finalists."""
    return replace(report, beside=None, plain=None, finalists=())


def words(text: str) -> str:
    return " ".join("".join(Tree(text).words).split()).replace("\xa0", " ")


@pytest.mark.parametrize("full", [True, False])
def test_the_page_is_whole_alone_and_readable_by_everyone(report, bare, full):
    text = search_page(report if full else bare)
    tree = Tree(text)
    assert tree.open == []
    assert tree.all("script") == tree.all("link") == tree.all("img") == tree.all("b") == []
    assert not re.search(r"url\(|@import|https?:", text)
    assert all(a.get("aria-hidden") == "true" or a.get("aria-label") for a in tree.pictures)
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in tree.all("th"))
    ids = [attrs["id"] for _, attrs in tree.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in tree.all("a")} <= set(ids)
    assert len(tree.all("h1")) == 1


def test_rendering_again_gives_the_same_bytes(report):
    assert search_page(report) == search_page(report)


def test_every_student_is_told_and_drawn(report):
    text = search_page(report)
    assert all(one.name in text for one in report.course.students)
    assert text.count('class="genome"') == len(report.course.students)


def test_a_failure_stands_with_its_reason_as_text(report):
    assert "failed: distill: the loss is not finite at step 40 </td><b>" in words(
        search_page(report)
    )


def test_the_first_words_are_the_verdict_and_the_baseline(report):
    told = words(search_page(report))
    front = len(report.course.front())
    assert f"32 students tried, {front} of them beaten by nobody in accuracy under attack" in told
    assert re.search(r"(reaches farther than|did not beat)", told)
    assert "Each of the two ran once, from one seed" in told


def test_finalists_are_read_in_a_section_of_their_own(report):
    told = words(search_page(report))
    one, other, third = (each.student for each in report.finalists)
    assert f"{one} is sturdier than its teacher" in told
    assert f"{other} is only hard to search" in told
    assert f"{third} is hardened against one kind of attack" in told
    assert "Of 3 finalists under every attack of the gate: 1 sturdier than its teacher, " in told


def test_what_is_missing_is_said_with_what_makes_it(bare):
    told = words(search_page(bare))
    assert "edgecompress search RECIPE --random makes it" in told
    assert "after edgecompress run RECIPE the next report has it" in told
    assert "Finalists under attack" not in told


def test_of_few_students_no_choice_is_told(tmp_path, report):
    (tmp_path / "few").mkdir()
    file = searched(tmp_path / "few", report.course.settings.space.kind, 14)
    few = replace(report, recipe=file, course=course(file, tmp_path / "few"), beside=None)
    assert "Undecided: of" in words(search_page(few))


def test_a_goal_that_is_no_attack_leaves_the_attack_out(tmp_path, report):
    (tmp_path / "calm").mkdir()
    file = searched(tmp_path / "calm", "subnetworks", 14)
    calm = file.recipe.search.model_copy(update={"objectives": ("loyalty", "params")})
    file = replace(file, recipe=file.recipe.model_copy(update={"search": calm}))
    told = words(
        search_page(
            replace(report, recipe=file, course=course(file, tmp_path / "calm"), beside=None)
        )
    )
    assert "Loyalty against parameters" in told
    assert "Which choices went with loyalty" in told
