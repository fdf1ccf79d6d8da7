"""Rough expectations of time and size, from the shape of the encoder alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgecompress.data.roles import Data
from edgecompress.recipe.learning import Distill, Finetune
from edgecompress.recipe.reading import RecipeFile
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.workflow.origin import Origin
from edgecompress.workflow.validate import steps_of

FLOPS_PER_S = 2e11  # sustained by bf16 training on 2 cores with AVX512-BF16
TOKENS_PER_TEXT = 27  # of a one-sentence review
SECONDS_PER_EXPORT = 10.0


@dataclass(frozen=True)
class Expectation:
    """None where the model's shape is not known before it is fetched."""

    seconds: float | None
    bytes: int | None


@dataclass(frozen=True)
class _Shape:
    hidden: int
    intermediate: int
    layers: int
    vocabulary: int

    def layer_params(self, layers: int) -> int:
        return layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)

    def params(self, layers: int) -> int:
        return self.layer_params(layers) + (self.vocabulary + 512 + self.hidden) * self.hidden


def expectations(file: RecipeFile, data: Data, teacher: Origin) -> Iterator[Expectation]:
    """One for each step, in order; good to a factor of two."""
    shape = _shape_of(teacher, data)
    layers = shape.layers if shape else 0
    for settings in steps_of(file.recipe):
        if shape is None:
            yield Expectation(None, None)
            continue
        seconds = 1.0
        if isinstance(settings, Distill) and settings.layers is not None:
            layers = settings.layers if isinstance(settings.layers, int) else len(settings.layers)
        if isinstance(settings, (Finetune, Distill)):
            tokens = _tokens(settings, data)
            seconds = 6 * shape.layer_params(layers) * tokens / FLOPS_PER_S
            if isinstance(settings, Distill):  # the teacher answers each text once
                seconds += 2 * shape.layer_params(shape.layers) * tokens / FLOPS_PER_S
        elif isinstance(settings, (Export, Quantize)):
            seconds = SECONDS_PER_EXPORT
        width = 1 if isinstance(settings, Quantize) else 4
        yield Expectation(round(seconds, 1), width * shape.params(layers))


def _tokens(settings: Finetune | Distill, data: Data) -> int:
    per_text = min(TOKENS_PER_TEXT, settings.max_length)
    texts = settings.epochs * (data.rows("train") or 10_000)
    if isinstance(settings, Distill) and "transfer" in dict(data.recipe.data.by_role()):
        texts += settings.transfer_epochs * (data.rows("transfer") or 10_000)
    return texts * per_text


def _shape_of(teacher: Origin, data: Data) -> _Shape | None:
    folder = teacher.folder
    if folder is None and teacher.name.startswith("resource:"):
        folder = data.resources.fetched(teacher.name.removeprefix("resource:"))
    if folder is None:
        return None
    try:
        config = json.loads(Path(folder, "config.json").read_text())
        hidden = int(config["hidden_size"])
        return _Shape(
            hidden,
            int(config.get("intermediate_size", 4 * hidden)),
            int(config.get("num_hidden_layers", 6)),
            int(config["vocab_size"]),
        )
    except (OSError, ValueError, KeyError):
        return None  # another family's words for its shape; no estimate is better than a wrong one
