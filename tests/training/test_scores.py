"""Difficulty, by hand on few texts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.core.errors import IntegrityError
from edgecompress.training.scores import (
    Scale,
    Scores,
    label_losses,
    load_scores,
    save_scores,
    score,
)
from tests.fakes import texts

LOSSES = np.array([[0.1, 0.5, 3.0], [0.1, 1.5, 3.0], [0.4, 1.0, 3.0]])  # 3 models, 3 texts
WRONG = np.array([[False, False, True], [False, True, True], [False, True, True]])
# 0.1, 0.1, 0.4: mean 0.2, squares 0.01, 0.01, 0.04 -> 0.06 / 3; 0.5, 1.5, 1: 0.25, 0.25, 0 -> 0.5/3
VARIANCES = [0.02, 0.5 / 3, 0.0]


def test_variance_is_that_of_all_models_there_are():
    found = score(LOSSES, WRONG, Scale(0.0, 1.0, 0.3))
    np.testing.assert_allclose(found.variance, VARIANCES, atol=1e-15)
    np.testing.assert_allclose(found.mean_loss, [0.2, 1.0, 3.0])
    np.testing.assert_allclose(found.wrong, [0, 2 / 3, 1])


def test_without_winsor_d_is_the_papers():
    # alpha + (1 - alpha) (v - 0) / (0.5 / 3 - 0): 0.02 is 0.12 of the way
    scale = Scale.of(np.array(VARIANCES), alpha=0.3, winsor=0)
    np.testing.assert_allclose(scale.d(np.array(VARIANCES)), [0.3 + 0.7 * 0.12, 1.0, 0.3])


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=50),
    st.floats(0.01, 0.99),
    st.floats(0, 0.49),
)
def test_d_never_leaves_alpha_to_one(variances, alpha, winsor):
    found = np.array(variances)
    d = Scale.of(found, alpha, winsor).d(found)
    assert d.min() >= alpha
    assert d.max() <= 1


def test_one_outlier_moves_no_other_text():
    calm = np.linspace(0, 1, 101)
    wild = calm.copy()
    wild[-1] = 1000.0
    np.testing.assert_array_equal(
        Scale.of(wild, 0.3, winsor=0.05).d(wild), Scale.of(calm, 0.3, winsor=0.05).d(calm)
    )
    assert Scale.of(wild, 0.3, winsor=0).d(wild)[:-1].max() < 0.301  # the paper's map gives in


def test_texts_that_nothing_tells_apart_are_taught_as_they_are():
    same = np.full(4, 0.2)
    assert Scale.of(same, 0.3, 0.05).d(same).tolist() == [1, 1, 1, 1]


def test_other_texts_are_placed_on_the_scale_of_the_training_texts():
    scale = Scale(low=1.0, high=3.0, alpha=0.5)
    assert scale.d(np.array([0.0, 1.0, 2.0, 9.0])).tolist() == [0.5, 0.5, 0.75, 1.0]


def test_the_hard_half_lies_above_the_median():
    variance = np.array([0.4, 0.1, 0.3, 0.2])
    assert Scores(variance, variance, variance, variance).hard.tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_a_loss_is_in_nats_whatever_the_size_of_the_logits():
    # two equal logits: ln 2; logits 1000 apart: 0 and 1000
    logits = np.array([[3.0, 3.0], [1000.0, 0.0], [1000.0, 0.0]], np.float32)
    found = label_losses(logits, np.array([1, 0, 1]))
    np.testing.assert_allclose(found, [np.log(2), 0, 1000])


def test_scores_come_back_as_they_were(tmp_path):
    rows = texts([0, 1, 1], "train")
    given_scores = score(LOSSES, WRONG, Scale(0.0, 0.5 / 3, 0.3))
    save_scores({"train": (rows, given_scores)}, tmp_path)
    found = load_scores(tmp_path, rows)
    np.testing.assert_array_equal(found.d, given_scores.d)
    np.testing.assert_array_equal(found.wrong, given_scores.wrong)


def test_scores_of_other_rows_are_refused(tmp_path):
    rows = texts([0, 1, 1], "train")
    save_scores({"train": (rows, score(LOSSES, WRONG, Scale(0.0, 1.0, 0.3)))}, tmp_path)
    with pytest.raises(IntegrityError, match="has no scores of these rows of data.train"):
        load_scores(tmp_path, replace(rows, digest="1" * 64))
    with pytest.raises(IntegrityError, match="has no scores of these rows of data.validation"):
        load_scores(tmp_path, replace(rows, name="validation"))
