"""The model card: its metadata load, its claims are hedged, its example is ours."""

import io
from dataclasses import replace

import pytest
from huggingface_hub import ModelCard
from ruamel.yaml import YAML

from edgecompress.report.card import card


@pytest.fixture
def text(holding):
    return card(holding, license="apache-2.0", language="en", labels=("negative", "positive"))


def _front_matter(text):
    return YAML(typ="safe", pure=True).load(io.StringIO(text.split("---\n")[1]))


def test_a_model_hub_reads_the_metadata(text):
    data = ModelCard(text).data
    assert (data.language, data.license, data.pipeline_tag, data.library_name) == (
        "en",
        "apache-2.0",
        "text-classification",
        "onnx",
    )


def test_the_gate_stands_in_the_model_index(text):
    results = {r.metric_type: r for r in ModelCard(text).data.eval_results}
    assert len(results) == 12
    drop = results["accuracy_drop"]
    assert (drop.metric_value, drop.dataset_name, drop.task_type) == (
        0.0084,
        "test",
        "text-classification",
    )
    assert drop.metric_name == "accuracy_drop (interval −0.4 to 2.1 points, n 2,015)"


@pytest.mark.parametrize(
    "claim",
    [
        "2,015 of test",
        "A Fictional CPU",
        "nothing is known about other domains",
        "nothing is known about texts made to deceive",
    ],
)
def test_the_limits_of_the_claim_are_told(text, claim):
    assert claim in text


def test_it_shows_how_to_use_the_model(text):
    assert "edgecompress predict . " in text
    assert 'EdgeModel.load(".", threads=1)' in text


def test_the_labels_are_named(text):
    assert "Labels: negative, positive." in text


@pytest.mark.parametrize("value", ["no", "1.0", "a: b", "# x", "[x", "'", "---\nevil: 1", "\x00"])
def test_no_value_leaves_its_field(holding, value):
    text = card(
        replace(holding, recipe_name=value), license=value, language=value, labels=("a", "b")
    )
    found = _front_matter(text)
    assert [*found] == [
        "language",
        "license",
        "pipeline_tag",
        "library_name",
        "tags",
        "model-index",
    ]
    assert found["license"] == value.replace("\x00", "\ufffd")


def test_a_hostile_report_still_gives_a_card(hostile):
    text = card(hostile, license="other", language="en", labels=("a", "b"))
    assert _front_matter(text)["license"] == "other"


def test_parts_are_told_apart_in_the_model_index(full):
    text = card(full, license="other", language="en", labels=("a", "b"))
    names = [r.metric_name for r in ModelCard(text).data.eval_results]
    assert "after_attack_accuracy (pwws, interval 17.0 to 29.0 %, n 200)" in names
