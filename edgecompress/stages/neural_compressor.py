"""Stage `neural-compressor`: the 8-bit graph as Intel's library makes it, carried into ONNX."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx

from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.case import FloatArray, decisions
from edgecompress.core.errors import StageError
from edgecompress.models.checkpoint import (
    as_encoder,
    copy_tokenizer,
    load_model,
    write_graph_config,
)
from edgecompress.models.int8 import weight_counts
from edgecompress.models.onnx_graph import operator_counts, tidy
from edgecompress.models.qdq import (
    fold_weights,
    keep_products_whole,
    round_tables,
    without_origins,
)
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import TextEncoder
from edgecompress.stages.context import StageContext

GRAPH = "model.onnx"
WORKER = (sys.executable, "-m", "edgecompress.models.neural_worker")
PACKAGE_ROOT = Path(__file__).parents[2]
LAST_WORDS = 300  # characters
MOST_FLIPS = 0.02  # of the texts; one may always flip


def run(model: Artifact, settings: NeuralCompressor, ctx: StageContext) -> Facts:
    """Have the network quantized in a process of its own, and prove that the graph is that network.

    Raises:
        IntegrityError: the model's files are missing or broken.
        StageError: no calibration texts, a mode that does not work, neural-compressor failed, or
            the graph decides otherwise than the torch network that it was exported from.
    """
    texts = ctx.data["calibration"].texts
    if not texts:
        raise StageError("neural-compressor: data.calibration has no rows; ranges come from them")
    if reason := settings.refused:
        raise StageError(f"neural-compressor.mode: {reason}")
    copy_tokenizer(model.path, ctx.out, TextEncoder(model.path).max_length)
    write_graph_config(as_encoder(load_model(model.path)), ctx.out / "config.json")
    with TemporaryDirectory(dir=ctx.scratch) as place:
        folder = Path(place).absolute()
        told = _work(folder, _task(model, settings, ctx), ctx)
        with np.load(folder / "answers.npz", allow_pickle=False) as answers:
            floats, integers = answers["floats"], answers["integers"]
        graph = _settled(onnx.load(folder / GRAPH))
        onnx.save(graph, folder / "folded.onnx")
        exact = EdgeModel(ctx.out, folder / "folded.onnx", ctx.threads).logits(texts)
    _require_few(flips := _flips(exact, integers), len(texts))
    if settings.embeddings:
        round_tables(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, ctx.out / GRAPH)
    ours = EdgeModel(ctx.out, ctx.out / GRAPH, ctx.threads).logits(texts)
    return {
        **told,
        "bytes": (ctx.out / GRAPH).stat().st_size,
        "operators": dict(sorted(operator_counts(graph).items())),
        "weights": dict(sorted(weight_counts(graph).items())),
        "texts_compared": len(texts),
        "flips": _flips(ours, floats),
        "flips_of_export": flips,
        "logits_max_abs": float(np.abs(ours - floats).max()),
    }


def _task(model: Artifact, settings: NeuralCompressor, ctx: StageContext) -> dict[str, Any]:
    """What the worker must know, as JSON values."""
    reads = TextEncoder(model.path)
    roles = {"calibration": ctx.data["calibration"]}
    if settings.mode == "autotune":
        roles["judged"] = ctx.data.get("validation", roles["calibration"])
    return {
        "model": str(model.path.absolute()),
        "pairs": ctx.pair_inputs,
        "threads": ctx.threads,
        "settings": settings.model_dump(mode="json"),
        **{
            role: [(text.ids, text.type_ids) for text in reads.encode(texts.texts)]
            for role, texts in roles.items()
        },
    }


def _work(folder: Path, task: Mapping[str, Any], ctx: StageContext) -> dict[str, Any]:
    """What the worker chose; its graph and answers lie in `folder`."""
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    log = ctx.scratch / "neural-compressor.log"
    with (
        ctx.progress.track("neural-compressor", _passes(task), "texts") as bar,
        log.open("w") as noise,
    ):
        worker = subprocess.Popen(
            [*WORKER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=noise,
            encoding="utf-8",
            cwd=folder,  # where it leaves notes of its own
            env=_environment(ctx.threads),
            start_new_session=True,  # Ctrl-C is for us; the worker ends when we do
        )
        try:
            for _ in worker.stdout or ():
                bar.advance()
            worker.wait()
        finally:
            worker.kill()
            worker.communicate()
    if worker.returncode:
        raise StageError(
            f"neural-compressor: ended with code {worker.returncode}: {_last_words(log)}; "
            f"all it said is in {log}"
        )
    told: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    _warn_of_misses(told, task["settings"], ctx)
    return told


def _settled(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same answers from fewer bytes and by integers, none of it bound to this machine."""
    without_origins(graph)
    fold_weights(graph)
    keep_products_whole(graph)
    return tidy(graph)


def _passes(task: Mapping[str, Any]) -> int:
    """Texts that the worker answers, at most."""
    calibration, judged = len(task["calibration"]), len(task.get("judged", ()))
    trials = int(task["settings"]["trials"]) if judged else 0
    return (trials + 4) * calibration + (trials + 2) * judged


def _environment(threads: int) -> dict[str, str]:
    """Ours is found from every folder; nothing is fetched; few words of advice."""
    paths = [str(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "LOGLEVEL": "WARNING",
    }


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-LAST_WORDS:] if lines else "it said nothing"


def _warn_of_misses(
    told: Mapping[str, Any], settings: Mapping[str, Any], ctx: StageContext
) -> None:
    """Say so where no trial of `autotune` came close enough; its best one is kept."""
    least = 1 - max(told.get("trials", [1.0]))
    if least > settings["flips_at_most"]:
        ctx.progress.warn(
            f"neural-compressor: {least:.4f} of the decisions flip in the best of "
            f"{len(told['trials'])} trials, flips_at_most is {settings['flips_at_most']:g}"
        )


def _flips(ours: FloatArray, theirs: FloatArray) -> int:
    return int(np.count_nonzero(decisions(ours) != decisions(theirs)))


def _require_few(flips: int, texts: int) -> None:
    if flips > max(1, MOST_FLIPS * texts):
        raise StageError(
            f"neural-compressor: the exported graph decides {flips} of {texts} texts otherwise "
            "than the torch network that it was exported from; use export and quantize instead"
        )
