import os

import numpy as np
import pytest
import torch

from edgecompress.core.case import BatchPredictor
from edgecompress.models.checkpoint import load_model
from edgecompress.models.inputs import padded
from edgecompress.models.predictor import TorchPredictor
from edgecompress.runtime.text import TextEncoder

TEXTS = [
    "the film was brilliant",
    "the plot is not dull and i loved the acting",
    "a",
    "the music was rather tired, but we enjoyed the ending",
    "the cast was superb",
] * 9  # more than one batch of a length


@pytest.fixture(params=["hf_folder", "encoder_folder"])
def folder(request):
    return request.getfixturevalue(request.param)


def test_each_text_is_answered_as_if_it_came_alone(folder):
    predictor: BatchPredictor = TorchPredictor(folder)
    alone = np.concatenate([predictor.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(predictor.logits(TEXTS), alone, atol=1e-6)
    np.testing.assert_allclose(predictor.logits_in_batches(TEXTS, 8), alone, atol=1e-6)
    assert alone.dtype == np.float32


def test_one_text_goes_through_unpadded(folder):
    (encoded,) = TextEncoder(folder).encode(TEXTS[:1])
    ids = torch.tensor([encoded.ids])
    torch.set_num_threads(1)  # more of them add up in another order
    with torch.no_grad():
        expected = load_model(folder)(ids, torch.ones_like(ids)).logits.numpy()
    np.testing.assert_array_equal(TorchPredictor(folder).logits(TEXTS[:1]), expected)


def test_a_text_alone_may_be_timed_and_several_take_all_cores(folder):
    predictor = TorchPredictor(folder, threads=1)
    predictor.logits(TEXTS[:1] * 2)
    assert torch.get_num_threads() == len(os.sched_getaffinity(0))
    predictor.logits(TEXTS[:1])
    assert torch.get_num_threads() == 1


def test_pairs_differ_from_the_same_words_in_one_text(folder):
    predictor = TorchPredictor(folder)
    pair = predictor.logits([("the film was brilliant", "the plot was dull")])
    assert pair.shape == (1, 2)
    assert not np.allclose(pair, predictor.logits(["the film was brilliant the plot was dull"]))


def test_no_texts_get_no_answers(folder):
    assert TorchPredictor(folder).logits([]).shape == (0, 2)


def test_counts_its_weights(folder):
    expected = sum(weight.numel() for weight in load_model(folder).parameters())
    assert TorchPredictor(folder).params == expected


def test_padding_fills_to_the_longest_of_the_batch_and_no_further(folder):
    encoder = TextEncoder(folder)
    inputs = padded(encoder.encode(["a a a", "a"]), pad_id=7)
    assert inputs.input_ids.shape == (2, 5)  # [CLS] a a a [SEP]
    assert inputs.input_ids[1].tolist()[3:] == [7, 7]
    assert inputs.attention_mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
