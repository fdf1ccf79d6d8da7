import pytest

from edgecompress.recipe.objective import Objective


@pytest.mark.parametrize(
    ("written", "kept"),
    [(0.5, 0.5), (1, 1.0), ("difficulty", None), ("mean-difficulty", None), (None, None)],
)
def test_texts_without_labels_are_smoothed_by_a_number_alone(written, kept):
    whole = Objective(labels=1.0, hidden=2.0, temperature=3.0, smooth=written, reweight="jtt")
    expected = Objective(logits=1.0, temperature=3.0, smooth=kept)
    assert whole.on_unlabelled() == expected


@pytest.mark.parametrize(
    ("wish", "wants"),
    [
        ({}, False),
        ({"smooth": 0.5}, False),
        ({"reweight": "focal"}, False),
        ({"smooth": "difficulty"}, True),
        ({"smooth": "mean-difficulty"}, True),
        ({"reweight": "jtt"}, True),
    ],
)
def test_scores_are_asked_for_only_where_they_are_used(wish, wants):
    assert Objective(**wish).wants_difficulty is wants
