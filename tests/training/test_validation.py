import numpy as np
import pytest
import torch

from edgecompress.models.classifier import Classifier, Output
from edgecompress.training.validation import Accuracy, Loyalty, answers


class CountsSixes(Classifier):
    """Says "b" where more than half of the word ids are 5; a row of one token gets NaN."""

    labels = ("a", "b")
    vocab_size = max_tokens = 12
    word_vectors = torch.zeros(12, 1)

    def rename_labels(self, labels):
        self.labels = labels

    def forward(
        self, input_ids, attention_mask, token_type_ids=None, *, hidden=False, attention=False
    ):
        fives, sixes = (input_ids == 5).sum(1).float(), (input_ids == 6).sum(1).float()
        logits = torch.stack([sixes, fives], 1)
        logits[attention_mask.sum(1) == 3] = torch.nan
        return Output(logits)


def test_accuracy_is_the_share_of_rows_answered_rightly_and_nan_is_never_right(new_rows):
    rows = new_rows(200)
    fives = np.array([text.ids.count(5) > text.ids.count(6) for text in rows.encoded])
    right = (fives == rows.labels) & (rows.lengths > 3)
    assert Accuracy(rows)(CountsSixes()) == pytest.approx(right.mean())


def test_looking_changes_neither_mode_nor_chance(new_encoder, new_rows):
    model = new_encoder().train()
    before = torch.get_rng_state()
    answers(model, new_rows(10))
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)


def test_loyalty_is_how_close_the_distributions_are(new_encoder, new_rows):
    rows, model = new_rows(40), new_encoder()
    theirs = answers(model, rows)
    assert Loyalty(rows, theirs)(model) == pytest.approx(1.0)
    # Never below the score of opposite certainties, 1 - sqrt(ln 2) = 0.16745.
    assert Loyalty(rows, 100 * theirs[:, ::-1])(model) < 0.9


def test_loyalty_tells_apart_what_labels_do_not(new_encoder, new_rows):
    rows, model = new_rows(40), new_encoder()
    theirs = answers(model, rows)
    surer = Loyalty(rows, 20 * theirs)
    assert surer.agreement(model) == 1.0
    assert surer(model) < 1.0
