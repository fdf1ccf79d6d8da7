"""`python -m edgecompress.models.neural_worker FOLDER`: neural-compressor, in a process of its own.

It and torchao print on import, set loggers up and leave notes in the working folder, so only this
process imports them. FOLDER/task.json says what to do; a line on stdout is a text that is done.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neural_compressor.torch.export import export
from neural_compressor.torch.quantization import (
    StaticQuantConfig,
    TuningConfig,
    autotune,
    convert,
    prepare,
)
from torch import nn

from edgecompress.core.case import FloatArray
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.inputs import padded
from edgecompress.models.onnx_graph import EXAMPLE_TOKENS, Logits, exportable
from edgecompress.runtime.text import Encoded

MOST_DIFFERENCE = 1e-3  # of a logit, before anything is rounded
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def main(folder: Path) -> None:
    """Do the task; model.onnx, the answers of both networks and what was chosen come out."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # neural-compressor prints; stdout is for progress alone
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    torch.set_num_threads(task["threads"])
    encoder = exportable(as_encoder(load_model(Path(task["model"]))), pairs=task["pairs"])
    inputs = 3 if encoder.embeddings.segment is not None else 2
    work = _Work(task, inputs, encoder.max_tokens, lambda: print(file=lines, flush=True))
    with torch.no_grad():
        told = work.into(folder, Logits(encoder).eval())
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


@dataclass(frozen=True)
class _Work:
    task: dict[str, Any]
    inputs: int  # of the network
    max_tokens: int
    done: Callable[[], None]  # after each text

    def into(self, folder: Path, floating: nn.Module) -> dict[str, Any]:
        """Quantize, export, and answer the calibration texts before and after."""
        shape = (2, EXAMPLE_TOKENS)
        batch = torch.export.Dim("batch", min=1)
        tokens = torch.export.Dim("tokens", min=1, max=self.max_tokens)
        shapes = ({0: batch, 1: tokens},) * self.inputs
        # Tensors of their own: one that is given twice is traced as one input.
        example = tuple(torch.ones(shape, dtype=torch.int64) for _ in range(self.inputs))
        before = self._answers(floating, "calibration")
        program = export(floating, example, dynamic_shapes=shapes)
        _require_equal(self._answers(program, "calibration"), before)
        made, told = self._quantized(program)
        after = self._answers(made, "calibration")
        np.savez(folder / "answers.npz", floats=before, integers=after)
        torch.onnx.export(
            made,
            example,
            folder / "model.onnx",
            input_names=INPUTS[: self.inputs],
            output_names=["logits"],
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        return told

    def _quantized(self, program: nn.Module) -> tuple[nn.Module, dict[str, Any]]:
        """The network between quantizers, and what neural-compressor chose."""
        settings = self.task["settings"]
        if settings["mode"] == "static":
            made = prepare(program, StaticQuantConfig(act_algo=settings["ranges"]))
            self._answers(made, "calibration")
            return convert(made), {"ranges": settings["ranges"], "symmetric": False}
        labels = self._answers(program, "judged").argmax(axis=1)
        scores: list[float] = []

        def agreement(model: nn.Module) -> float:
            ours = self._answers(model, "judged").argmax(axis=1)
            scores.append(float((ours == labels).mean()))
            return scores[-1]

        tuning = TuningConfig(
            config_set=[StaticQuantConfig.get_config_set_for_tuning()],
            tolerable_loss=settings["flips_at_most"],
            max_trials=settings["trials"],
        )
        calibrate = partial(self._answers, role="calibration")
        best = autotune(program, tuning, eval_fn=agreement, run_fn=calibrate)
        (chosen,) = best.qconfig.values()
        told = {"ranges": chosen.act_algo, "symmetric": chosen.act_sym}
        return best, told | {"trials": scores[1:]}  # the first is that of the floats

    def _answers(self, model: nn.Module, role: str) -> FloatArray:
        """[n, classes], each text alone and unpadded, as the runtime asks."""
        answers = []
        for ids, types in self.task[role]:
            given = padded([Encoded(ids, types, truncated=False)], pad_id=0)
            answers.append(model(*given[: self.inputs])[0].numpy())
            self.done()
        return np.array(answers)


def _require_equal(exported: FloatArray, network: FloatArray) -> None:
    """End here if what was traced is another network."""
    difference = float(np.abs(exported - network).max())
    if not difference <= MOST_DIFFERENCE:
        sys.exit(f"torch.export's program differs from the network by {difference:.3g} of a logit")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
