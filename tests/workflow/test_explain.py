"""What `explain` knows, and what it says to those who mistype."""

import re
import sys

import pytest

from edgecompress.core.errors import MEANINGS, ExitCode, InputError
from edgecompress.recipe.checks import CHECKS
from edgecompress.recipe.stages import STAGES
from edgecompress.workflow import explain as verb
from edgecompress.workflow.explain import explain, topics


def only(what: str) -> str:
    (topic,) = explain(what)
    return topic.text


def slug(heading: str) -> str:
    """As the pages' anchors are made: Python-Markdown's toc."""
    return re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-")


@pytest.mark.parametrize(
    ("kind", "names"),
    [("stage", STAGES), ("check", CHECKS), ("exit code", [str(int(c)) for c in ExitCode])],
)
def test_every_stage_check_and_code_can_be_asked_for(kind, names):
    known = {topic.name for topic in topics() if topic.kind == kind}
    assert known == set(names)


def test_every_limit_of_every_check_is_a_key_and_every_measurement_known():
    names = {topic.name for topic in topics()}
    for check, settings in CHECKS.items():
        for setting, limited in settings.limited.items():
            assert {f"{check}.{setting}", limited.measurement} <= names


def test_where_to_read_on_is_a_page_with_that_heading(repository):
    for page in {topic.page for topic in topics()}:
        name, _, anchor = page.partition("#")
        text = (repository / "docs" / name).read_text()
        headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
        assert not anchor or anchor in map(slug, headings), page


def test_a_word_with_two_meanings_gets_both():
    assert [topic.kind for topic in explain("accuracy")] == ["check", "measurement"]


def test_a_limit_tells_what_it_limits():
    assert "Limits label_loyalty: at least this." in only("loyalty.label_at_least")


def test_a_measurement_tells_what_it_is_and_what_limits_it():
    said = only("accuracy_drop")
    assert "minus accuracy of the candidate" in said
    assert "`accuracy.max_drop` (at most)" in said


def test_a_code_is_known_by_number_and_by_name():
    assert explain("5") == explain("undecided")
    assert MEANINGS[ExitCode.UNDECIDED] in only("5")


@pytest.mark.parametrize("what", ["distill.layers", "stages.distill.layers", "DISTILL.LAYERS"])
def test_a_key_is_known_by_any_end_of_its_address(what):
    assert [topic.name for topic in explain(what)] == ["distill.layers"]


def test_the_last_part_alone_is_every_such_key():
    assert [topic.name for topic in explain("layers")] == ["distill.layers", "prune.layers"]


def test_keys_that_mean_the_same_are_told_once():
    (topic,) = explain("max_grad_norm")
    assert {"finetune.max_grad_norm", "distill.max_grad_norm"} <= set(topic.name.split(", "))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("acuracy", "accuracy"), ("max_dorp", "max_drop"), ("GateUndecidet", "GateUndecided")],
)
def test_a_typo_gets_a_suggestion(typed, meant):
    with pytest.raises(InputError, match=f"{typed}: nothing is called so; did you mean {meant}"):
        explain(typed)


def test_what_is_like_nothing_points_to_the_list():
    with pytest.raises(InputError, match="`edgecompress explain` lists all"):
        explain("zzzzzz")


def test_the_base_install_knows_codes_and_errors_and_what_the_rest_needs(monkeypatch):
    monkeypatch.setattr(verb, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, verb.TOPICS_OF_RECIPES, None)
    assert only("IntegrityError").startswith("A bundle is damaged")
    with pytest.raises(InputError, match=r'pip install "edgecompress\[build\]"'):
        explain("distill")
