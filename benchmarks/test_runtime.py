"""The runtime under pytest-benchmark: one text at a time on one thread, and a cold start.

    make bench
    .venv/bin/pytest benchmarks --benchmark-only --bundle DIR --benchmark-compare

A stored run of another machine says nothing about this one; the gate's latency check, which times
candidate and teacher turn about, is what decides a release.
"""

import subprocess
import sys

import pytest

from edgecompress.runtime import EdgeModel

WORDS = 17 * ["film"]


@pytest.mark.parametrize("words", [6, 20, 110])
def test_one_text(benchmark, bundle, words):
    model = EdgeModel.load(bundle)
    text = " ".join((WORDS * 8)[:words])
    benchmark.extra_info["tokens"] = len(model.encoder.encode([text])[0].ids)
    benchmark(model.predict, [text])


def test_the_overhead_beside_the_graph_and_the_tokenizer(benchmark, bundle):
    """The same text without softmax and dictionaries; compare with test_one_text[20]."""
    model = EdgeModel.load(bundle)
    benchmark(model.logits, [" ".join(WORDS)])


def test_a_cold_start_with_one_answer(benchmark, bundle):
    command = [sys.executable, "-m", "edgecompress.runtime", str(bundle), "--probe"]
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=5, iterations=1
    )
