"""The runtime under pytest-benchmark, as a user would run it in CI on a bundle of their own.

    make bench
    .venv/bin/pytest benchmarks --benchmark-only --bundle DIR --benchmark-json runtime.json

A stored run says little about this machine, or about this hour: docs/why-paired-timing.md tells
why. Look at trends here, and let `edgecompress bench NEW --against OLD` decide.
"""

import subprocess
import sys

import pytest

from edgecompress.runtime import EdgeModel
from edgecompress.runtime.golden import golden_text, read_golden

WORDS = 17 * ["film"]


@pytest.mark.parametrize("words", [6, 20, 110])
def test_one_text(benchmark, bundle, words):
    model = EdgeModel.load(bundle)
    text = " ".join((WORDS * 8)[:words])
    benchmark.extra_info["tokens"] = len(model.encoder.encode([text])[0].ids)
    benchmark(model.predict, [text])


def test_the_texts_of_the_bundle_given_at_once(benchmark, bundle):
    """For throughput: divide by `texts` of the extra info."""
    model = EdgeModel.load(bundle)
    texts = [golden_text(answer) for answer in read_golden(bundle)]
    benchmark.extra_info["texts"] = len(texts)
    benchmark(model.predict, texts)


def test_the_tokenizer_alone(benchmark, bundle):
    """What is left of test_one_text[20] without this and the next is ours."""
    model = EdgeModel.load(bundle)
    benchmark(model.encoder.encode, [" ".join(WORDS)])


def test_the_graph_alone(benchmark, bundle):
    model = EdgeModel.load(bundle)
    (encoded,) = model.encoder.encode([" ".join(WORDS)])
    feed = model.feed(encoded)
    benchmark(model.session.run, model.outputs, feed)


def test_a_warm_load(benchmark, bundle):
    """Hashing every file included; the disk's cache is warm after the first."""
    benchmark.pedantic(lambda: EdgeModel.load(bundle), rounds=20, warmup_rounds=2)


def test_a_cold_start_with_one_answer(benchmark, bundle):
    command = [sys.executable, "-m", "edgecompress.runtime", str(bundle), "--probe"]
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=5, iterations=1
    )
