import numpy as np
import pytest

from edgecompress.core.texts import TextSet
from edgecompress.data.tiny import make_tiny_bert
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.batches import TokenRows, batches_by_length, epoch_batches

LENGTHS = np.random.default_rng(0).integers(4, 60, 4000)


def padding_share(batches: list[np.ndarray]) -> float:
    filled = sum(len(rows) * int(LENGTHS[rows].max()) for rows in batches)
    return 1 - LENGTHS.sum() / filled


def test_every_row_comes_once_an_epoch():
    rows = np.concatenate(epoch_batches(LENGTHS, 32, seed=7, epoch=0))
    assert sorted(rows) == list(range(4000))


def test_an_epoch_is_a_function_of_seed_and_number():
    first = epoch_batches(LENGTHS, 32, seed=7, epoch=1)
    again = epoch_batches(LENGTHS, 32, seed=7, epoch=1)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    for other in (epoch_batches(LENGTHS, 32, 7, 2), epoch_batches(LENGTHS, 32, 8, 1)):
        assert not np.array_equal(first[0], other[0])


def test_batches_hold_texts_of_about_one_length():
    # random batches of 32 from 4 to 59 tokens pad to nearly the maximum: almost half is padding
    shuffled = np.random.default_rng(0).permutation(4000)
    at_random = [shuffled[start : start + 32] for start in range(0, 4000, 32)]
    assert padding_share(at_random) > 0.4
    assert padding_share(epoch_batches(LENGTHS, 32, seed=7, epoch=0)) < 0.05


def test_lengths_do_not_come_in_a_sequence():
    longest = [int(LENGTHS[rows].max()) for rows in epoch_batches(LENGTHS, 32, seed=7, epoch=0)]
    assert abs(np.corrcoef(longest[:-1], longest[1:])[0, 1]) < 0.3


def test_a_pass_by_length_begins_with_the_shortest_and_misses_none():
    batches = batches_by_length(LENGTHS, 64)
    assert [len(rows) for rows in batches] == [64] * 62 + [32]
    assert np.array_equal(LENGTHS[np.concatenate(batches)], np.sort(LENGTHS))


def test_a_batch_is_padded_to_its_own_longest_text(new_rows):
    rows = new_rows(20)
    picked = np.argsort(rows.lengths)[:3]
    batch = rows.batch(picked)
    assert batch.inputs.input_ids.shape == (3, int(rows.lengths[picked].max()))
    assert int(batch.inputs.attention_mask.sum()) == int(rows.lengths[picked].sum())
    assert batch.labels.tolist() == rows.labels[picked].tolist()


def test_rows_come_from_texts_by_the_models_own_tokenizer(tmp_path):
    make_tiny_bert(tmp_path)
    texts = TextSet("train", ("the film", "the film " * 20), np.array([0, 1]), ("a:1", "a:2"), "0")
    rows = TokenRows.of(texts, TextEncoder(tmp_path, max_length=10))
    assert rows.lengths.tolist() == [4, 10]
    assert rows.truncated_share == 0.5
    assert rows.origins == ("a:1", "a:2")


@pytest.mark.parametrize("count", [1, 31, 32, 33])
def test_a_small_set_is_covered_too(count):
    rows = np.concatenate(epoch_batches(LENGTHS[:count], 32, seed=7, epoch=0))
    assert sorted(rows) == list(range(count))


def test_every_other_row_is_padded_to_the_longest_of_them(new_rows):
    rows = new_rows(5)
    batch = rows.batch(np.array([3, 0, 4, 1, 2]), done=0.5)
    some = batch.every_other()
    longest = rows.lengths[[3, 4, 2]].max()
    assert some.rows.tolist() == [3, 4, 2]
    assert some.done == 0.5
    assert some.labels.equal(batch.labels[[0, 2, 4]])
    for part, whole in zip(some.inputs, batch.inputs, strict=True):
        assert part.equal(whole[[0, 2, 4], :longest])
