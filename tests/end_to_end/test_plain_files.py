"""Tasks that are not binary single sentences, from files as people have them."""

import gzip
import json
import random

import pytest

from edgecompress.data.tiny import tiny_reviews

HEAD = """\
version: 1
name: files
task: text-classification
"""
TAIL = """\
teacher:
  model: resource:tiny-bert
  finetune: {epochs: 6, learning_rate: 1e-3, max_length: 64}
stages:
  - {kind: distill, layers: 2, epochs: 4, learning_rate: 1e-3, max_length: 64}
  - {kind: export, attention: ATTENTION}
  - {kind: quantize, scheme: SCHEME}
gate:
  - {check: accuracy, max_drop: 0.2}
  - {check: size, ratio_at_most: 0.6}
"""


def jsonl_gz(path, rows):
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_four_classes_from_csv_with_a_label_map(fresh):
    """Length and sentiment together make four classes, written as numbers in the file."""
    for split in ("train", "test"):
        rows = [
            f'"{text}",{2 * (label == "positive") + (len(text.split()) > 11)}'
            for text, label in tiny_reviews(split)
        ]
        (fresh.folder / f"{split}.csv").write_text("body,stars\n" + "\n".join(rows) + "\n")
    spec = "text: body, label: stars, map: {0: short bad, 1: long bad, 2: short good, 3: long good}"
    recipe = fresh.folder / "recipe.yaml"
    recipe.write_text(
        HEAD
        + "labels: [short bad, long bad, short good, long good]\n"
        + f"data:\n  train: {{source: train.csv, {spec}}}\n  test: {{source: test.csv, {spec}}}\n"
        + TAIL.replace("SCHEME", "dynamic").replace("ATTENTION", "fused")
    )
    done = fresh("run", recipe, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["checks"][0]["value"] > 0.5  # chance is 0.25


@pytest.mark.parametrize(("scheme", "attention"), [("dynamic", "fused"), ("static", "unfused")])
def test_sentence_pairs_from_gzipped_json_lines(fresh, scheme, attention):
    """The label is about the second review; the first is noise, and comes first."""
    for split in ("train", "test"):
        reviews = tiny_reviews(split)
        others = random.Random(7).sample(reviews, len(reviews))
        rows = [
            {"a": noise, "b": review, "y": label}
            for (noise, _), (review, label) in zip(others, reviews, strict=True)
        ]
        jsonl_gz(fresh.folder / f"{split}.jsonl.gz", rows)
    spec = "text: a, text_pair: b, label: y"
    recipe = fresh.folder / "recipe.yaml"
    recipe.write_text(
        HEAD
        + "labels: [negative, positive]\n"
        + f"data:\n  train: {{source: train.jsonl.gz, {spec}}}\n"
        + "  calibration: {from: train, rows: 64}\n"
        + f"  test: {{source: test.jsonl.gz, {spec}}}\n"
        + TAIL.replace("SCHEME", scheme).replace("ATTENTION", attention)
    )
    done = fresh("release", recipe, "--out", fresh.folder / "bundle")
    assert done.returncode == 0, done.stderr
    answer = fresh("predict", fresh.folder / "bundle", "--pair", "a good film", "a dull film")
    assert json.loads(answer.stdout)["label"] in ("negative", "positive")
