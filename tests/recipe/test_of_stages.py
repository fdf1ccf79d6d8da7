"""What is said of stages whose settings contradict each other."""

import re

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.reading import read_recipe
from edgecompress.recipe.shipping import Fallback, Quantize

DISTILL = "{kind: distill, layers: 2}"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("{kind: theseus, modules: 0}", ":12:21: stages[0] theseus modules: at least 1, got 0"),
        ("{kind: theseus, modules: [1, 1]}", "got [1, 1]; a module of one layer gets no shallower"),
        ("{kind: theseus, modules: []}", "got []; a module of one layer"),
        ("{kind: theseus, modules: [2, 0]}", "greater than or equal to 1"),
        (
            "{kind: theseus, modules: 2, rest: late, replacing: {share: 1.0}}",
            "stages[0] theseus rest: late waits for the end of replacing",
        ),
        ("{kind: theseus, modules: 2, replacing: {rate: 0.0}}", "should be greater than 0"),
        ("{kind: theseus, modules: 2, objective: {labels: 0, logits: 0}}", "all weights are 0"),
        (
            "{kind: distill, objective: {logits: 0, hidden: 1, reweight: focal}}",
            "objective.reweight: weighs the losses of logits and labels, and both are 0",
        ),
        (
            "{kind: distill, objective: {logits: 0, labels: 1, smooth: 0.9}}",
            "objective.smooth: smooths the teacher's answers",
        ),
        ("{kind: distill, objective: {smooth: 0}}", "objective.smooth"),
        (
            "{kind: distill, transfer_epochs: 0, augment: {rows: 5}}",
            "augment: makes texts to be learnt with `transfer`",
        ),
        ("{kind: distill, augment: {rows: 0}}", "augment.rows"),
        ("{kind: factorize}", "nothing to factorize: set embeddings, attention or feed_forward"),
        ("{kind: factorize, embeddings: 1.0}", "less than 1"),
        ("{kind: vocabulary, pieces: 10}", "greater than or equal to 64"),
        ("{kind: prune}", "nothing to prune: set heads, intermediate, layers, or speedup"),
        (
            "{kind: prune, heads: 2, speedup: 2}",
            "heads and speedup cannot be asked for together; a speed finds its own heads",
        ),
        ("{kind: prune, layers: 2, sparsity: 0.5}", "layers and sparsity cannot be asked for"),
        (
            "{kind: prune, speedup: 2, importance: magnitude}",
            "importance: speedup weighs heads against neurons",
        ),
        ("{kind: prune, layers: 2, ranking: global}", "ranking: global ranks heads and neurons"),
        (
            "{kind: prune, heads: 2, objective: {attention: 1}}",
            "objective.attention: matches attention maps head by head",
        ),
        ("{kind: prune, heads: 2, rounds: 2, epochs: 0}", "rounds: are spread over a training"),
        ("{kind: prune, layers: 3, epochs: 0}", "layers: the head reads nothing in the states"),
        ("{kind: prune, heads: 0}", "heads"),
        ("{kind: prune, layers: [2, 1]}", "layers: the layers to keep must be rising"),
        ("{kind: prune, layers: [0, 2], rounds: 2}", "rounds: named layers are cut at once; set 1"),
        ("{kind: prune, layers: [0, 2], heads: [2]}", "heads: 1 numbers for 2 kept layers"),
        (
            "{kind: prune, layers: 2, intermediate: [32, 32], ranking: global}",
            "intermediate: global finds each layer's own number",
        ),
        ("{kind: prune, speedup: 1}", "greater than 1"),
    ],
)
def test_a_contradiction_is_told_with_what_is_allowed(spoil, stage, said):
    with pytest.raises(RecipeError, match="demo.yaml:12:[0-9]+: ") as caught:
        read_recipe(spoil(DISTILL, stage))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "stage",
    [
        "{kind: theseus, modules: 3}",
        "{kind: distill, augment: {rows: 5}, objective: {smooth: 1, relations: 2, labels: 0.1}}",
        "{kind: theseus, modules: [2, 1, 2, 1], rest: late, start: mean}",
        "{kind: theseus, modules: 2, replacing: {schedule: blend, share: 0.2}}",
        "{kind: factorize, embeddings: 96, attention: 0.9}",
        "{kind: vocabulary, min_count: 2, pieces: 10000}",
        "{kind: prune, heads: 2, intermediate: 0.25, layers: 4, rounds: 10, ranking: global}",
        "{kind: prune, speedup: 2.5, layers: 4}",
        "{kind: prune, sparsity: 0.8, rounds: 5, importance: magnitude}",
    ],
)
def test_settings_that_fit_together_are_read(spoil, stage):
    assert f"kind: {read_recipe(spoil(DISTILL, stage)).recipe.stages[0].kind}," in stage


def test_a_replaced_model_is_by_default_taught_by_labels_alone(spoil):
    stage = read_recipe(spoil(DISTILL, "{kind: theseus, modules: 3}")).recipe.stages[0]
    assert (stage.objective.labels, stage.objective.logits) == (1, 0)


def test_pieces_are_counted_in_texts_that_are_there(tmp_path, spoil):
    text = spoil(DISTILL, "{kind: factorize, embeddings: 96}").read_text()
    bare = text.replace("  finetune: {epochs: 1}\n", "").replace(
        '  train: {source: "resource:tiny-reviews", split: train}\n', ""
    )
    path = tmp_path / "bare.yaml"
    path.write_text(bare)
    with pytest.raises(RecipeError, match="weighting: frequency counts pieces in data.train"):
        read_recipe(path)
    path.write_text(bare.replace("embeddings: 96", "embeddings: 96, weighting: plain"))
    assert read_recipe(path).recipe.stages[0].weighting == "plain"


QUANTIZE = "{kind: quantize}"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("{kind: quantize, smooth: 0.5}", "quantize smooth: smooth reads data.calibration"),
        ("{kind: quantize, smooth: 2}", "less than or equal to 1"),
        (
            "{kind: quantize, format: qoperator}",
            "format: is for scheme: static; scheme:",
        ),
        ("{kind: quantize, bits: 4}", "bits: is for scheme: weights; scheme: dynamic does not"),
        ("{kind: quantize, scheme: weights, bits: 6}", "bits"),
        ("{kind: quantize, fallback: {}}", "fallback: has no limit to hold; set label_loyalty"),
        ("{kind: quantize, fallback: {most: 2}}", "fallback: has no limit to hold"),
        (
            "{kind: quantize, fallback: {label_loyalty_at_least: 0.98}}",
            "reads data.validation, which the recipe does not have",
        ),
    ],
)
def test_contradictions_of_quantization_are_told(spoil, stage, said):
    with pytest.raises(RecipeError, match=re.escape(said)):
        read_recipe(spoil(QUANTIZE, stage))


def test_few_bits_need_no_texts(spoil):
    stage = read_recipe(spoil(QUANTIZE, "{kind: quantize, scheme: weights, bits: 4}"))
    assert stage.recipe.stages[2].bits == 4


def test_settings_of_another_scheme_are_no_part_of_a_key():
    unasked = {"smooth", "fallback"}
    dynamic = Quantize(kind="quantize")
    assert dynamic.idle() == unasked | {"format", "ranges", "bits", "block"}
    static = Quantize(kind="quantize", scheme="static", smooth=0.5)
    assert static.idle() == {"fallback", "bits", "block"}


def test_only_a_search_reads_validation():
    asked = Quantize(kind="quantize", fallback=Fallback(batch_flips_at_most=0.0))
    assert asked.also_reads() == ("validation",)
    assert Quantize(kind="quantize").also_reads() == ()


SHORT = "{kind: distill, max_length: 32}\n  - {kind: vocabulary}\n"


def test_texts_longer_than_the_positions_that_are_left_are_refused(spoil):
    with pytest.raises(RecipeError, match=r"stages\[2\] distill max_length: 128 tokens, but `voca"):
        read_recipe(spoil(DISTILL, SHORT + "  - {kind: distill, max_length: 128}"))


@pytest.mark.parametrize(
    "after",
    [
        "{kind: distill, max_length: 32}",
        "{kind: distill, max_length: 128, weights: resource:minilm-l6}",
        "{kind: factorize, embeddings: 16}",
    ],
)
def test_texts_that_the_positions_can_hold_are_read(spoil, after):
    assert read_recipe(spoil(DISTILL, f"{SHORT}  - {after}")).recipe.stages


def test_a_side_artifact_must_be_made_before_it_is_read(spoil):
    asked = "{kind: distill, objective: {smooth: difficulty}}"
    with pytest.raises(RecipeError, match="reads the result of a `difficulty` stage; put one befo"):
        read_recipe(spoil(DISTILL, asked))
    assert read_recipe(spoil(DISTILL, "{kind: difficulty}\n  - " + asked)).recipe.stages


def test_what_fools_a_model_must_be_learnt_by_somebody(spoil):
    finding = "{kind: adversarial-examples}\n  - "
    with pytest.raises(RecipeError, match="no later stage learns what it finds; set"):
        read_recipe(spoil(DISTILL, finding + DISTILL))
    learning = "{kind: distill, layers: 2, adversarial_examples: true}"
    assert read_recipe(spoil(DISTILL, finding + learning)).recipe.stages
    with pytest.raises(RecipeError, match="reads the result of a `adversarial-examples` stage"):
        read_recipe(spoil(DISTILL, learning))


def test_the_model_passes_by_a_side_artifact(spoil):
    recipe = read_recipe(spoil("{kind: export}", "{kind: difficulty}\n  - {kind: export}")).recipe
    assert [stage.kind for stage in recipe.stages][1:3] == ["difficulty", "export"]
