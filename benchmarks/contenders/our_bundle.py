"""A released bundle through the runtime that ships, which answers texts one after the other."""

from pathlib import Path

import numpy as np

from benchmarks.contenders.work import Answer, Work
from edgecompress.runtime.session import open_session


def make(how: str, work: Work, out: Path) -> None:
    """Nothing is made: the bundle was released."""


def load(how: str, made: Path, work: Work, threads: int) -> Answer:
    """Its graph, as `EdgeModel` opens and asks it."""
    session = open_session(_graph(made, work), threads)
    names = [graph_input.name for graph_input in session.get_inputs()]

    def batched(feed):  # type: ignore[no-untyped-def]
        return session.run(["logits"], {name: feed[name] for name in names})[0]

    def alone(feed):  # type: ignore[no-untyped-def]
        lengths = feed["attention_mask"].sum(axis=1)
        rows = [
            batched({name: feed[name][row : row + 1, :length] for name in names})
            for row, length in enumerate(lengths)
        ]
        return rows[0] if len(rows) == 1 else np.concatenate(rows)

    return batched if how == "batched" else alone


def weights(how: str, made: Path, work: Work) -> list[Path]:
    """The files that hold the weights."""
    return [_graph(made, work)]


def _graph(made: Path, work: Work) -> Path:
    """By the contender's name; what has none of its own is a way of asking the released one."""
    return work.bundles.get(made.name, work.bundles["ours"]) / "model.onnx"
