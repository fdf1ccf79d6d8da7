"""Stage `export`: the network as one ONNX file, proved to answer as the network does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import FloatArray
from edgecompress.core.errors import StageError
from edgecompress.models.checkpoint import (
    as_own,
    copy_tokenizer,
    load_model,
    write_graph_config,
)
from edgecompress.models.inputs import padded
from edgecompress.models.onnx_graph import export_graph, fuse_attention, operator_counts, tidy
from edgecompress.models.own_encoder import OwnEncoder
from edgecompress.models.timed_graphs import inputs_of, int8_session, median_ms
from edgecompress.recipe.shipping import Export
from edgecompress.runtime.session import open_session
from edgecompress.runtime.text import Encoded, TextEncoder
from edgecompress.stages.context import StageContext

FUSED_OPSET = 17  # the first that has LayerNormalization
FORMS = ("fused", "unfused")
PROBE_TEXTS = 256
PROBES_A_LENGTH = 4
MOST_DIFFERENCE = 1e-3  # of a logit, as a share of the largest; seen: 1e-6


def run(model: Artifact, settings: Export, ctx: StageContext) -> Facts:
    """Write model.onnx, and beside it what other tools need to use it.

    Raises:
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        StageError: the architecture or the opset cannot be exported so, or the graph answers
            otherwise than the network.
    """
    if settings.attention != "unfused" and settings.opset < FUSED_OPSET:
        raise StageError(
            f"export: fused attention needs opset {FUSED_OPSET} or later, got {settings.opset}; "
            "raise `opset`, or set `attention: unfused`"
        )
    encoder = as_own(load_model(model.path)).eval()
    if settings.attention == "measured":
        form, timed = _faster(encoder, settings, ctx)
    else:
        form, timed = settings.attention, {}
    graph = _graph(encoder, settings, ctx, form)
    onnx.checker.check_model(graph)
    file = ctx.out / "model.onnx"
    onnx.save(graph, file)
    reads = TextEncoder(model.path)
    copy_tokenizer(model.path, ctx.out, reads.max_length)
    write_graph_config(encoder, ctx.out / "config.json")
    return {
        "opset": settings.opset,
        "attention": form,
        **timed,
        "domains": sorted(imported.domain or "ai.onnx" for imported in graph.opset_import),
        "operators": dict(sorted(operator_counts(graph).items())),
        "bytes": file.stat().st_size,
        "parity": _parity(encoder, file, _probes(encoder, reads, ctx), ctx.threads),
    }


def _graph(encoder: OwnEncoder, settings: Export, ctx: StageContext, form: str) -> onnx.ModelProto:
    graph = export_graph(encoder, settings.opset, pairs=ctx.pair_inputs)
    return tidy(fuse_attention(graph, encoder.config) if form == "fused" else graph)


def _faster(encoder: OwnEncoder, settings: Export, ctx: StageContext) -> tuple[str, Facts]:
    """The form of attention that takes less time in int8, and what each took."""
    sessions = [int8_session(_graph(encoder, settings, ctx, form)) for form in FORMS]
    lengths = [length for length in settings.lengths if length <= encoder.max_tokens]
    if not lengths:
        raise StageError(
            f"export: the network reads {encoder.max_tokens} tokens at most, `lengths` asks for "
            f"{min(settings.lengths)}; name shorter ones"
        )
    taken = median_ms(sessions, inputs_of(lengths), "forms of attention", ctx.progress)
    ms = dict(zip(FORMS, taken, strict=True))
    return min(FORMS, key=ms.__getitem__), {"int8_ms": {k: round(v, 4) for k, v in ms.items()}}


def _probes(encoder: OwnEncoder, reads: TextEncoder, ctx: StageContext) -> list[Encoded]:
    """Texts of the recipe where the stage has any, else random tokens of several lengths."""
    texts = [text for role in ctx.data.values() for text in role.texts][:PROBE_TEXTS]
    if texts:
        return reads.encode(texts)
    rng = np.random.default_rng(ctx.seed)
    split = ctx.pair_inputs and encoder.config.type_vocab > 1
    length, probes = 2, []
    while length <= min(reads.max_length, encoder.max_tokens):
        for _ in range(PROBES_A_LENGTH):
            ids = rng.integers(encoder.vocab_size, size=length).tolist()
            second = length // 2 if split else 0
            probes.append(Encoded(ids, [0] * (length - second) + [1] * second, truncated=False))
        length *= 2
    return probes


def _parity(
    encoder: OwnEncoder, file: Path, probes: Sequence[Encoded], threads: int
) -> dict[str, Any]:
    """How far graph and network differ, alone and in a padded batch of mixed lengths."""
    torch.set_num_threads(threads)
    session = open_session(file, threads)
    names = [graph_input.name for graph_input in session.get_inputs()]
    found: dict[str, Any] = {"sequences": len(probes)}
    for how, batches in (("alone", [[p] for p in probes]), ("padded", list(_mixed(probes)))):
        theirs, ours = [], []
        for batch in batches:
            inputs = padded(batch, encoder.config.pad_id)
            with torch.inference_mode():
                theirs.append(encoder(*inputs).logits.numpy())
            feed = {name: getattr(inputs, name).numpy() for name in names}
            ours.append(session.run(["logits"], feed)[0])
        difference, flips = _compare(np.concatenate(theirs), np.concatenate(ours))
        found |= {f"max_abs_{how}": difference, f"flips_{how}": flips}
    return found


def _mixed(probes: Sequence[Encoded]) -> Iterator[list[Encoded]]:
    """Batches in which short stands beside long."""
    by_length = sorted(probes, key=lambda probe: len(probe.ids))
    for start in range(min(PROBES_A_LENGTH, len(probes))):
        yield by_length[start::PROBES_A_LENGTH]


def _compare(theirs: FloatArray, ours: FloatArray) -> tuple[float, int]:
    """Largest difference of a logit, and how many decisions differ.

    Raises:
        StageError: the difference is more than rounding.
    """
    difference = float(np.abs(theirs - ours).max())
    allowed = MOST_DIFFERENCE * max(1.0, float(np.abs(theirs).max()))
    if not difference <= allowed:
        raise StageError(
            f"export: the graph's logits differ from the network's by {difference:.3g}, allowed "
            f"{allowed:.3g}; set `attention: unfused`"
        )
    return difference, int((theirs.argmax(axis=1) != ours.argmax(axis=1)).sum())
