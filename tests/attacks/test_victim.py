"""A model as TextAttack asks it."""

import numpy as np
import pytest
import torch

from edgecompress.attacks.victim import NoAnswer, Victim


class Sure:
    """Answers with the numbers that a text spells."""

    def logits(self, texts):
        return np.array([[float(part) for part in text.split()] for text in texts], np.float32)


def test_logits_never_sum_to_one():
    # 0.25 + 0.75: TextAttack would take them for probabilities and leave out its softmax
    assert Victim(Sure())(["0.25 0.75"]).sum() == -0.5


def test_the_softmax_of_what_it_gives_is_that_of_the_logits_to_the_bit():
    logits = np.random.default_rng(0).normal(0, 4, (2000, 5)).astype(np.float32)
    texts = [" ".join(map(repr, row.tolist())) for row in logits]
    plain = torch.softmax(torch.from_numpy(logits), dim=1)
    assert torch.equal(torch.softmax(Victim(Sure())(texts), dim=1), plain)


def test_the_softmax_of_a_thousand_labels_sums_to_one_closely_enough():
    # 1e-6 is what TextAttack allows after its own softmax; in fp32 1.07e-6 was seen
    logits = np.random.default_rng(0).normal(0, 4, (3000, 1000)).astype(np.float32)

    class Many:
        def logits(self, texts):
            return logits

    given = Victim(Many())([""] * len(logits))
    assert (torch.softmax(given, dim=1).sum(dim=1) - 1).abs().max() < 1e-6


def test_an_answer_that_is_not_a_number_ends_the_search():
    with pytest.raises(NoAnswer) as broken:
        Victim(Sure())(["1 2", "nan 1"])
    assert broken.value.text == "nan 1"
