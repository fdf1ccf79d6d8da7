"""Chains of every stage that shrinks a model, in any order, on the made-up model and texts."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

from edgecompress.data.tiny import tiny_reviews

LEARN = "epochs: 1, learning_rate: 1e-3, max_length: 48, checkpoint_every: 9"
STAGES = {
    "distill": f"{{kind: distill, layers: 3, augment: {{rows: 60}}, {LEARN}}}",
    "theseus": f"{{kind: theseus, modules: 3, {LEARN}}}",
    "prune": f"{{kind: prune, heads: 2, intermediate: 64, rounds: 3, pruning_share: 0.5, {LEARN}}}",
    "factorize": "{kind: factorize, embeddings: 24}",
    "vocabulary": "{kind: vocabulary, min_count: 30}",
    "qat": f"{{kind: qat, {LEARN}}}",
}
SCORED = (
    f"{{kind: difficulty, method: gradual, {LEARN}}}",
    f"{{kind: distill, objective: {{labels: 0.1, relations: 1, smooth: difficulty}}, {LEARN}}}",
)
RECIPE = """\
version: 1
name: chain
task: text-classification
labels: [negative, positive]
teacher:
  model: resource:tiny-bert
  finetune: {epochs: 3, learning_rate: 1e-3, max_length: 48}
data:
  train: {source: train.jsonl, PAIR}
  validation: {from: train, rows: 100}
  transfer: {source: more.jsonl, PAIR}
  test: {source: test.jsonl, PAIR}
stages:
  - CHAIN
  - {kind: export}
  - {kind: quantize}
gate:
  - {check: size, ratio_at_most: 0.5}
  - {check: parity, flips_at_most: 0.2}
"""


def in_order(seed: int) -> list[str]:
    """The shrinking stages, shuffled; scores and what reads them stand first.

    Two stages that both leave three layers would not let each other cut: theseus comes first.
    """
    kinds = random.Random(seed).sample(sorted(STAGES), len(STAGES))
    distill, theseus = kinds.index("distill"), kinds.index("theseus")
    if distill < theseus:
        kinds[distill], kinds[theseus] = kinds[theseus], kinds[distill]
    return kinds


def write_chain(folder: Path, kinds: Sequence[str], *, pairs: bool = False) -> Path:
    """A recipe and its texts; of a pair the second text decides."""
    for name, split in (("train", "train"), ("more", "validation"), ("test", "test")):
        rows = tiny_reviews(split)[:600]
        noise = random.Random(0).sample(rows, len(rows))
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for (text, label), (other, _) in zip(rows, noise, strict=True):
                row = {"text": other, "text_pair": text} if pairs else {"text": text}
                file.write(json.dumps(row | {"label": label}) + "\n")
    chain = "\n  - ".join([*SCORED, *(STAGES[kind] for kind in kinds)])
    text = RECIPE.replace("PAIR", "text_pair: text_pair" if pairs else "text: text")
    path = folder / "chain.yaml"
    path.write_text(text.replace("CHAIN", chain), encoding="utf-8")
    return path
