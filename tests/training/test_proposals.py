from pathlib import Path

import numpy as np
import pytest
import scipy.spatial
import torch
import transformers

from edgecompress.core.errors import IntegrityError, StageError
from edgecompress.data.changed_texts import Place
from edgecompress.data.tiny import make_tiny_bert
from edgecompress.models.checkpoint import load_pretrained
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.proposals import MaskedWords, NearWords, whole_words

TEXTS = ["the plot is really dull", "a lovely film", "we loved the music from start to finish"]


def place(text: str, word: str) -> Place:
    return Place(text, text.index(word), text.index(word) + len(word))


PLACES = [place(TEXTS[0], "plot"), place(TEXTS[0], "dull"), place(TEXTS[1], "film")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    make_tiny_bert(folder)
    return folder


@pytest.fixture(scope="module")
def masked(tiny, tmp_path_factory) -> Path:
    """A random masked language model with the tiny BERT's tokenizer."""
    folder = tmp_path_factory.mktemp("masked")
    torch.manual_seed(4)
    config = transformers.BertConfig(
        vocab_size=221,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    transformers.BertForMaskedLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((tiny / name).read_bytes())
    return folder


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["[MASK]", "film", "##ing", "a", "2nd", "n't", "Film", "plot"], ["film", "plot"]),
        (["<mask>", "Ġfilm", "ing", "Ġa", "Ġ2nd", "ĠFilm", "Ġplot"], ["film", "plot"]),
        (["<mask>", "▁Film", "ing", "▁film", "▁plot", "▁"], ["Film", "plot"]),
    ],
)
def test_whole_words_are_told_from_other_pieces(pieces, expected):
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    found = whole_words(vocabulary)
    assert list(found) == expected
    assert [pieces[number].strip("Ġ▁") for number in found.values()] == expected


def test_near_words_are_those_of_the_greatest_cosine(tiny):
    model, reads = load_pretrained(tiny, ("a", "b"), seed=1), TextEncoder(tiny)
    found = NearWords(model, reads).propose(PLACES, 3)
    words = whole_words(reads.vocabulary)
    table = model.word_vectors.detach().numpy()[list(words.values())]
    for asked, near in zip(PLACES, found, strict=True):
        own = table[list(words).index(asked.word)]
        far = scipy.spatial.distance.cdist(own[None], table, "cosine")[0]
        expected = [list(words)[row] for row in np.argsort(far)[1:4]]  # the nearest is the word
        assert near == expected


def test_words_that_the_table_does_not_have_have_no_near_words(tiny):
    near = NearWords(load_pretrained(tiny, ("a", "b"), seed=1), TextEncoder(tiny))
    assert near.propose([place("a zyzzyva", "zyzzyva")], 3) == [[]]
    assert near.propose([], 3) == []
    capital = near.propose([place("Plot", "Plot"), place("plot", "plot")], 3)
    assert capital[0] == capital[1] != []


def test_masked_words_are_the_likeliest_of_their_text_but_its_own(masked):
    found = MaskedWords(masked, max_length=48).propose(PLACES, 60)
    network = transformers.BertForMaskedLM.from_pretrained(masked).eval()
    reads = TextEncoder(masked)
    words, mask = whole_words(reads.vocabulary), reads.vocabulary["[MASK]"]
    for asked, proposed in zip(PLACES, found, strict=True):
        text = asked.text[: asked.start] + "[MASK]" + asked.text[asked.end :]
        ids = torch.tensor([reads.encode([text])[0].ids])
        with torch.no_grad():
            logits = network(input_ids=ids).logits[0, ids[0].tolist().index(mask)]
        ranked = sorted(words, key=lambda word: -logits[words[word]].item())
        assert proposed == [word for word in ranked if word != asked.word][:60]
    assert found[0] != found[1]  # the text around the mask decides


def test_a_masked_model_never_proposes_the_word_itself(masked):
    every = len(whole_words(TextEncoder(masked).vocabulary))
    for asked, proposed in zip(
        PLACES, MaskedWords(masked, max_length=48).propose(PLACES, every), strict=True
    ):
        assert len(proposed) == every - 1
        assert asked.word not in proposed


def test_a_word_behind_the_end_of_what_is_read_has_no_proposals(masked):
    text = "so very dull " * 30
    places = [place(text, "dull"), Place(text, len(text) - 5, len(text) - 1)]
    near, beyond = MaskedWords(masked, max_length=48).propose(places, 5)
    assert len(near) == 5
    assert beyond == []


def test_a_plain_encoder_is_no_masked_model(tiny):
    with pytest.raises(IntegrityError, match="not a masked language model: .* lacks"):
        MaskedWords(tiny, max_length=48)


def test_a_tokenizer_without_a_mask_is_refused(masked, tmp_path):
    for path in masked.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"[MASK]", b"[GUESS]"))
    with pytest.raises(StageError, match=r"has no piece \[MASK\] or <mask>"):
        MaskedWords(tmp_path, max_length=48)
