"""Stage `quantize`: an ONNX graph in 8-bit integers, a quarter of the bytes and twice the speed."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import decisions
from edgecompress.core.errors import StageError
from edgecompress.core.texts import TextSet
from edgecompress.models.activations import Calibration, Feed
from edgecompress.models.checkpoint import read_json, write_json
from edgecompress.models.fallback import Bench, Found, find_floating
from edgecompress.models.int8 import Prepared, prepare, weight_counts
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
        StageError: texts that the settings need are missing; a graph that is quantized already,
            or has nothing to quantize.
    """
    graph = onnx.load(model.path / GRAPH)
    prepared = prepare(graph, settings, _calibration(model, graph, settings, ctx))
    found = _found(model, prepared, ctx)
    made = prepared.quantized(found.floating if found else ())
    target = ctx.out / GRAPH
    onnx.save(made, target)
    for name in BESIDE:
        if (model.path / name).exists():
            shutil.copyfile(model.path / name, ctx.out / name)
    _tell_whether_batches_matter(ctx.out / "config.json", settings)
    texts = ctx.data.get("calibration")
    return {
        "scheme": settings.scheme,
        **_measured(prepared),
        "bytes_before": (model.path / GRAPH).stat().st_size,
        "bytes": target.stat().st_size,
        "operators": dict(sorted(operator_counts(made).items())),
        "weights": dict(sorted(weight_counts(made).items())),
        **({"fallback": found.facts} if found else {}),
        **(_compared(model.path, ctx.out, texts, ctx.threads) if texts else {}),
    }


def _tell_whether_batches_matter(config: Path, settings: Quantize) -> None:
    """They do where ranges are taken over all that is answered at once."""
    content = read_json(config)
    ours = content.get("edgecompress", {}) | {"batch_invariant": settings.scheme != "dynamic"}
    write_json(config, content | {"edgecompress": ours})


def _calibration(
    model: Artifact, graph: ModelProto, settings: Quantize, ctx: StageContext
) -> Calibration:
    """Each text alone and unpadded, as the runtime will ask."""
    texts = ctx.data.get("calibration")
    if not settings.calibrates:
        return Calibration(())
    if texts is None or not len(texts):
        asking = "scheme: static" if settings.scheme == "static" else "smooth"
        raise StageError(
            f"quantize: `{asking}` measures ranges on data.calibration, which the recipe "
            "does not have; add it, e.g. {from: train, rows: 512}"
        )
    names = {graph_input.name for graph_input in graph.graph.input}
    feeds: list[Feed] = []
    for text in TextEncoder(model.path).encode(texts.texts):
        ids, types = np.array([text.ids]), np.array([text.type_ids])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        feeds.append({name: value for name, value in feed.items() if name in names})
    return Calibration(feeds, ctx.threads, ctx.progress)


def _found(model: Artifact, prepared: Prepared, ctx: StageContext) -> Found | None:
    """Which operators 8 bits hurt too much, where the settings ask."""
    settings = prepared.settings.fallback
    if settings is None:
        return None
    texts = ctx.data.get("validation")
    if texts is None or not len(texts):
        raise StageError(
            "quantize: `fallback` judges operators on data.validation, which the recipe does not "
            "have; add it, e.g. {from: train, rows: 512}"
        )
    bench = Bench(model.path, texts, ctx.scratch, ctx.threads)
    return find_floating(prepared, settings, bench, ctx.progress)


def _measured(prepared: Prepared) -> dict[str, Any]:
    """What else decided about the numbers."""
    settings, smoothed = prepared.settings, prepared.smoothed
    known = ("format", "ranges") if settings.scheme == "static" else ()
    known = ("bits", "block") if settings.scheme == "weights" else known
    facts: dict[str, Any] = {name: getattr(settings, name) for name in known}
    if smoothed:
        facts["smoothed"] = {"folded": smoothed.folded, "divided": smoothed.divided}
    return facts


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
