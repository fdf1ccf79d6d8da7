"""Graphs timed side by side on this machine, as the int8 files that ship."""

import tempfile
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
from onnxruntime import InferenceSession

from edgecompress.core.progress import Progress
from edgecompress.models.activations import Feed
from edgecompress.models.int8 import quantize_dynamically
from edgecompress.recipe.shipping import Quantize
from edgecompress.runtime.session import open_session
from edgecompress.runtime.timing import time_call

FEWEST_ROUNDS, MOST_ROUNDS = 5, 60
PATIENCE_S = 20.0  # for the rounds; the graphs are made before


def int8_session(graph: ModelProto) -> InferenceSession:
    """The graph as stage `quantize` makes it unasked, ready to answer on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        quantize_dynamically(graph, Quantize(kind="quantize"), file)
        return open_session(file, threads=1)


def inputs_of(lengths: Iterable[int]) -> list[Feed]:
    """One text of each of these lengths, in tokens."""
    feeds: list[Feed] = []
    for length in lengths:
        ids = np.ones((1, length), np.int64)
        types = np.zeros_like(ids)
        feeds.append(
            {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        )
    return feeds


def median_ms(
    sessions: Sequence[InferenceSession], feeds: Sequence[Feed], what: str, progress: Progress
) -> list[float]:
    """Thread time of one answer of each session, mean over the inputs, median over the rounds.

    All answer in turns, so that other work on the machine does not fall on one of them.
    """
    order = np.random.default_rng(0)
    rounds: list[NDArray[np.float64]] = []
    began = time.monotonic()
    with progress.track(what, MOST_ROUNDS, "rounds") as bar:
        while len(rounds) < MOST_ROUNDS:
            taken = np.empty(len(sessions))
            for which in order.permutation(len(sessions)):
                _answer(sessions[which], feeds[-1:])  # untimed: others have emptied the caches
                taken[which] = time_call(partial(_answer, sessions[which], feeds)).thread_cpu_s
            rounds.append(taken * 1000 / len(feeds))
            bar.advance()
            if len(rounds) >= FEWEST_ROUNDS and time.monotonic() - began > PATIENCE_S:
                break
    return [float(ms) for ms in np.median(rounds, axis=0)]


def _answer(session: InferenceSession, feeds: Sequence[Feed]) -> None:
    names = [each.name for each in session.get_inputs()]  # without layers nothing needs a mask
    for feed in feeds:
        session.run(None, {name: feed[name] for name in names})
