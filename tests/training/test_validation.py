import numpy as np
import pytest
import torch

from edgecompress.models.classifier import Classifier, Output
from edgecompress.training.validation import accuracy


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


def test_is_the_share_of_rows_answered_rightly_and_nan_is_never_right(new_rows):
    rows = new_rows(200)
    fives = np.array([text.ids.count(5) > text.ids.count(6) for text in rows.encoded])
    right = (fives == rows.labels) & (rows.lengths > 3)
    assert accuracy(CountsSixes(), rows) == pytest.approx(right.mean())


def test_looking_changes_neither_mode_nor_chance(new_encoder, new_rows):
    model = new_encoder().train()
    before = torch.get_rng_state()
    accuracy(model, new_rows(10))
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)
