"""What a server saves by answering texts together: `python benchmarks/company.py MODEL TEXTS`.

MODEL is a bundle or any folder with a classifier, TEXTS JSON lines with `text`. So many texts as
stand in the first column wait; they are answered one by one, and in groups of one length as the
server does where the graph allows it. CPU time of the thread, so that other work hardly matters.
"""

import argparse
import json
import random
import time
from pathlib import Path

from edgecompress.runtime import EdgeModel
from edgecompress.runtime.text import Encoded

WAITING = (1, 2, 4, 8, 16, 32, 64)
TEXTS = 512  # answered for each figure
SEED = 7


def text_us(model: EdgeModel, encoded: list[Encoded], waiting: int, *, together: bool) -> float:
    """Microseconds of CPU time for one of `waiting` texts that were drawn at random."""
    draw, rounds = random.Random(SEED), max(1, TEXTS // waiting)
    model.batch_invariant = together
    batches = [draw.choices(encoded, k=waiting) for _ in range(rounds)]
    begun = time.thread_time()
    for batch in batches:
        model.answers(batch)
    return 1e6 * (time.thread_time() - begun) / (rounds * waiting)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("texts", type=Path)
    options = parser.parse_args()
    model = EdgeModel.load(options.model, verify=False)
    lines = options.texts.read_text(encoding="utf-8").splitlines()
    encoded = model.encoder.encode([json.loads(line)["text"] for line in lines])
    print("waiting  one by one  together  (us a text)")
    for waiting in WAITING:
        alone, grouped = (
            text_us(model, encoded, waiting, together=together) for together in (False, True)
        )
        print(f"{waiting:7}  {alone:10.0f}  {grouped:8.0f}  {grouped / alone - 1:+.0%}")


if __name__ == "__main__":
    main()
