"""Roles of the papers' experiments share no words, on made-up phrases."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.experiments.settings import FEVER, SYMMETRIC, Places, fever, fever_large, sst2_large
from edgecompress.core.progress import Silent
from edgecompress.data.resources import Resources

SENTENCES, WORDS = 6_000, 10
SPANS = ((0, 10), (0, 6), (1, 7), (2, 8), (3, 9), (4, 10), (0, 3))  # the last one is too short


@pytest.fixture(scope="module")
def roles(tmp_path_factory) -> dict[str, list[list[str]]]:
    """The words of each row of each role; sentences have no word in common."""
    folder: Path = tmp_path_factory.mktemp("data")
    rows = []
    for sentence in range(SENTENCES):
        words = [f"{sentence}-{place}" for place in range(WORDS)]
        rows += [{"text": " ".join(words[a:b]) + " ", "label": sentence % 2} for a, b in SPANS]
    (folder / "sst2").mkdir()
    with gzip.open(folder / "sst2/train.jsonl.gz", "wt") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    made = sst2_large(Places(folder, Resources(folder, Silent()), folder))
    return {role: [row["text"].split() for row in rows] for role, rows in made.items()}


def test_large_sst2_is_tested_on_whole_sentences(roles):
    assert len(roles["test"]) == 3_000
    assert all(len(words) == WORDS for words in roles["test"])


@pytest.mark.parametrize(
    ("one", "other"), [("train", "test"), ("validation", "test"), ("train", "validation")]
)
def test_no_two_roles_of_large_sst2_have_phrases_of_one_sentence(roles, one, other):
    first, second = ({words[0].split("-")[0] for words in roles[role]} for role in (one, other))
    assert first
    assert not first & second


@pytest.fixture(scope="module")
def claims(tmp_path_factory) -> dict[str, dict[str, set[str]]]:
    """The evidence of each row of each role of both settings made from FEVER; all differ."""
    folder: Path = tmp_path_factory.mktemp("fever")
    for name in (FEVER, SYMMETRIC):
        (folder / name).parent.mkdir()
        with gzip.open(folder / name, "wt") as stream:
            for number in range(9_400):
                row = {"premise": f"{name} {number}", "hypothesis": "so", "label": number % 2 * 2}
                stream.write(json.dumps(row) + "\n")
    places = Places(folder, Resources(folder, Silent()), folder)
    return {
        make.__name__: {role: {row["text"] for row in rows} for role, rows in make(places).items()}
        for make in (fever, fever_large)
    }


def test_large_fever_is_tested_on_6_900_rows_none_of_which_is_learnt(claims):
    large = claims["fever_large"]
    assert len(large["test"]) == 6_900
    assert not large["test"] & (large["train"] | large["validation"])


def test_large_fever_learns_rows_that_are_in_no_role_of_fever(claims):
    first = claims["fever"]
    assert not claims["fever_large"]["train"] & (first["train"] | first["validation"])
    assert not claims["fever_large"]["train"] & first["test"]
