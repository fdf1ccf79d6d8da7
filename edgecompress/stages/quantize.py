"""Stage `quantize`: an ONNX graph in 8-bit integers, a quarter of the bytes and twice the speed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import decisions
from edgecompress.core.errors import StageError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.models.int8 import (
    Feed,
    quantize_dynamically,
    quantize_statically,
    weight_counts,
)
from edgecompress.models.onnx_graph import operator_counts
from edgecompress.recipe.shipping import Quantize
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext

GRAPH = "model.onnx"
BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def run(model: Artifact, settings: Quantize, ctx: StageContext) -> Facts:
    """Quantize model.onnx, and compare its answers to `calibration` texts where there are any.

    Raises:
        IntegrityError: the model's files are missing or broken.
        StageError: `static` without calibration texts or with fused attention, a graph that is
            quantized already, or one that has nothing to quantize.
    """
    texts = ctx.data.get("calibration")
    graph = onnx.load(model.path / GRAPH)
    target = ctx.out / GRAPH
    if settings.scheme == "dynamic":
        quantize_dynamically(graph, settings, target)
    elif texts is None or not len(texts):
        raise StageError(
            "quantize: `scheme: static` measures ranges on data.calibration, which the recipe "
            "does not have; add it, e.g. {from: train, rows: 512}"
        )
    else:
        feeds = _feeds(graph, TextEncoder(model.path), texts, ctx.progress)
        quantize_statically(graph, settings, feeds, target)
    for name in BESIDE:
        if (model.path / name).exists():
            shutil.copyfile(model.path / name, ctx.out / name)
    made = onnx.load(target)
    return {
        "scheme": settings.scheme,
        "bytes_before": (model.path / GRAPH).stat().st_size,
        "bytes": target.stat().st_size,
        "operators": dict(sorted(operator_counts(made).items())),
        "weights": dict(sorted(weight_counts(made).items())),
        **(_compared(model.path, ctx.out, texts, ctx.threads) if texts else {}),
    }


def _feeds(
    graph: onnx.ModelProto, reads: TextEncoder, texts: TextSet, progress: Progress
) -> Iterator[Feed]:
    """Each text alone and unpadded, as the runtime will ask."""
    names = {graph_input.name for graph_input in graph.graph.input}
    with progress.track("calibrate", len(texts), "texts") as bar:
        for text in reads.encode(texts.texts):
            ids = np.array([text.ids])
            types = np.array([text.type_ids])
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
            yield {name: value for name, value in feed.items() if name in names}
            bar.advance()


def _compared(before: Path, after: Path, texts: TextSet, threads: int) -> dict[str, Any]:
    """How the answers to the calibration texts moved, one text at a time."""
    theirs, ours = (
        EdgeModel.load(folder, threads, verify=False).logits(texts.texts)
        for folder in (before, after)
    )
    return {
        "texts_compared": len(texts),
        "flips": int((decisions(theirs) != decisions(ours)).sum()),
        "logits_max_abs": float(np.abs(theirs - ours).max()),
    }
