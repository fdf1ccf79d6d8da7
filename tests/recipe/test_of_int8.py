"""A training for 8 bits must know which 8 bits."""

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.reading import read_recipe

DISTILL, EXPORT, QUANTIZE = "{kind: distill, layers: 2}", "{kind: export}", "{kind: quantize}"
COMPRESSOR = "- {kind: neural-compressor}\n"
CALIBRATED = "data:\n  calibration: {from: train, rows: 64}\n"


@pytest.mark.parametrize(
    ("qat", "said"),
    [
        ("{kind: qat, scheme: static}", "qat scheme: trains for static, but stages[2] makes dynam"),
        ("{kind: qat, embeddings: false}", "trains for false, but stages[2] makes true; set both"),
        ("{kind: qat, reduce_range: true}", "trains for true, but stages[2] makes false"),
        ("{kind: qat, objective: {logits: 0}}", "all weights are 0"),
        ("{kind: qat, epochs: 0}", "greater than or equal to 1"),
    ],
)
def test_what_is_trained_for_must_be_made(spoil, qat, said):
    with pytest.raises(RecipeError) as refused:
        read_recipe(spoil(DISTILL, qat))
    assert said in str(refused.value)


def test_one_scale_for_a_whole_matrix_is_not_trained_for(spoil):
    path = spoil(DISTILL, "{kind: qat}")
    path.write_text(path.read_text().replace(QUANTIZE, "{kind: quantize, per_channel: false}"))
    with pytest.raises(RecipeError, match=r"stages\[2\] quantize per_channel: stages\[0\] qat"):
        read_recipe(path)


def test_somebody_must_make_the_8_bits(spoil):
    path = spoil(DISTILL, "{kind: qat}")
    path.write_text(path.read_text().replace(f"  - {QUANTIZE}\n", ""))
    with pytest.raises(RecipeError, match=r"stages\[0\] qat: trains for 8 bits, and no later"):
        read_recipe(path)


def test_settings_that_agree_are_read(spoil):
    assert read_recipe(spoil(DISTILL, "{kind: qat}")).recipe.stages[0].epochs == 2


def test_a_target_without_vnni_has_both_stages_keep_to_7_bits(spoil):
    path = spoil(DISTILL, "{kind: qat}")
    path.write_text(path.read_text().replace("data:\n", "target: {processor: x86}\ndata:\n"))
    qat, _, quantize = read_recipe(path).recipe.stages
    assert qat.reduce_range
    assert quantize.reduce_range


def compressed(spoil, qat: str, stage: str = COMPRESSOR):
    path = spoil(DISTILL, qat)
    text = path.read_text().replace(f"- {EXPORT}\n  - {QUANTIZE}\n", stage)
    path.write_text(text.replace("data:\n", CALIBRATED))
    return path


def test_neural_compressor_is_static(spoil):
    read_recipe(compressed(spoil, "{kind: qat, scheme: static}"))
    with pytest.raises(RecipeError, match=r"dynamic, but stages\[1\] makes static"):
        read_recipe(compressed(spoil, "{kind: qat}"))


def test_a_mode_that_cannot_work_is_refused_with_the_reason(spoil):
    smooth = "- {kind: neural-compressor, mode: smooth}\n"
    with pytest.raises(RecipeError, match="mode: neural-compressor's SmoothQuant imports intel_ex"):
        read_recipe(compressed(spoil, DISTILL, smooth))
