"""Which operators have to stay floating: the worst go back, one by one, until limits hold.

Operators are ordered by the error that each makes alone, all others floating. The other way round,
all in 8 bits but one, hides what there is to find as soon as two operators are broken: with either
of them back, the other still ruins the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto

from edgecompress.core.case import FloatArray, decisions
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.models.int8 import Prepared
from edgecompress.models.products import place_of
from edgecompress.recipe.shipping import Fallback
from edgecompress.runtime.model import EdgeModel

BATCHES = (8, 32)  # in which the gate's parity check asks too
ERROR_TEXTS = 64  # few texts tell a mean squared difference well; a share of labels needs them all
LARGEST_ERROR = 1e9  # stands for what is no number

Seen = dict[str, float]
"""Measure -> what was seen: label_loyalty, accuracy_drop, bytes, and batch_flips if limited."""


@dataclass(frozen=True)
class Found:
    """Names of the operators that go back, the worst first, and what a report tells of them."""

    floating: tuple[str, ...]
    facts: dict[str, Any]  # JSON values


@dataclass(frozen=True)
class Bench:
    """Texts that nothing was trained on, and the floating graph's answers to them."""

    folder: Path  # of the floating model
    texts: TextSet  # with labels
    place: Path  # where one graph at a time is written
    threads: int = 1

    def error(self, graph: ModelProto) -> float:
        """Mean squared difference of the logits, on texts from all over the rows."""
        ours = self._open(graph).logits([self.texts.texts[row] for row in self._few])
        squared = np.square(ours.astype(np.float64) - self._theirs[self._few])
        return float(np.nan_to_num(squared, nan=LARGEST_ERROR, posinf=LARGEST_ERROR).mean())

    def seen(self, graph: ModelProto, limits: Mapping[str, float]) -> Seen:
        """By the measures of the gate, without its intervals."""
        model = self._open(graph)
        ours = model.logits(self.texts.texts)
        seen = {
            "bytes": model.file.stat().st_size,
            "label_loyalty": _agreement(ours, self._theirs),
            "accuracy_drop": self._accuracy(self._theirs) - self._accuracy(ours),
        }
        if "batch_flips_at_most" in limits:
            together = (model.logits_in_batches(self.texts.texts, size) for size in BATCHES)
            seen["batch_flips"] = max(1 - _agreement(ours, logits) for logits in together)
        return seen

    @cached_property
    def _theirs(self) -> FloatArray:
        return EdgeModel.load(self.folder, self.threads, verify=False).logits(self.texts.texts)

    @cached_property
    def _few(self) -> NDArray[np.int64]:
        return np.unique(np.linspace(0, len(self.texts) - 1, ERROR_TEXTS).astype(np.int64))

    def _accuracy(self, logits: FloatArray) -> float:
        return float((decisions(logits) == self.texts.labels).mean())

    def _open(self, graph: ModelProto) -> EdgeModel:
        file = self.place / "candidate.onnx"
        onnx.save(graph, file)
        return EdgeModel(self.folder, file, self.threads)


def find_floating(
    prepared: Prepared, settings: Fallback, bench: Bench, progress: Progress
) -> Found:
    """Judge the graph with all operators in 8 bits, and return the worst to float while need be."""
    limits, returned, floating = settings.limits, [], []
    plain = bench.seen(prepared.quantized(), limits)
    seen, errors = plain, {}
    if broken(seen, limits):
        errors = _errors(prepared, bench, progress)
        worst = sorted(prepared.operators, key=lambda node: -errors[place_of(node)])
        for node in worst[: settings.most]:
            floating.append(node.name)
            seen = bench.seen(prepared.quantized(floating), limits)
            returned.append(_told(node, errors, seen))
            progress.say(f"quantize: {place_of(node)} stays floating; {_in_words(seen)}")
            if not broken(seen, limits):
                break
    left = broken(seen, limits)
    if left:
        progress.warn(
            f"quantize: {', '.join(left)} still broken with {len(floating)} operators floating; "
            "raise `most`, or train for 8 bits"
        )
    facts = {
        "texts": len(bench.texts),
        "operators": len(prepared.operators),
        "limits": limits,
        "plain": plain,
        "returned": returned,
        "errors": errors,
        "holds": not left,
    }
    return Found(tuple(floating), facts)


def broken(seen: Mapping[str, float], limits: Mapping[str, float]) -> list[str]:
    """Names of the limits that what was seen does not keep."""
    found = []
    for name, limit in limits.items():
        measure, _, side = name.rpartition("_at_")
        if seen[measure] < limit if side == "least" else seen[measure] > limit:
            found.append(name)
    return found


def _errors(prepared: Prepared, bench: Bench, progress: Progress) -> dict[str, float]:
    """Place of each operator -> what it does to the logits when it alone is in 8 bits."""
    names = {node.name for node in prepared.operators}
    errors = {}
    with progress.track("judge operators", len(names), "operators") as bar:
        for node in prepared.operators:
            errors[place_of(node)] = bench.error(prepared.quantized(names - {node.name}))
            bar.advance()
    return errors


def _told(node: NodeProto, errors: Mapping[str, float], seen: Seen) -> dict[str, Any]:
    place = place_of(node)
    return {"operator": place, "kind": node.op_type, "error": errors[place], **seen}


def _in_words(seen: Seen) -> str:
    shares = {name: value for name, value in seen.items() if name != "bytes"}
    return ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in shares.items())


def _agreement(ours: FloatArray, theirs: FloatArray) -> float:
    return float((decisions(ours) == decisions(theirs)).mean())
