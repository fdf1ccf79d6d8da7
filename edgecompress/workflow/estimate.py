"""Rough expectations of time and size, from the shape of the encoder alone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgecompress.data.roles import Data
from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.learning import Difficulty, Distill, Student, Theseus
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.recipe.shrinking import Factorize, Prune, Vocabulary
from edgecompress.recipe.stage import StageSettings, TrainingSettings
from edgecompress.workflow.origin import Origin

FLOPS_PER_S = 2e11  # sustained by bf16 training on 2 cores with AVX512-BF16
TOKENS_PER_TEXT = 27  # of a one-sentence review
SECONDS_PER_EXPORT = 10.0
QUESTIONS: Mapping[str, float] = {  # of a one-sentence review, as seen
    "checklist": 4,
    "deepwordbug": 27,
    "textbugger": 38,
    "word-swap-minilm": 72,
    "pwws": 142,
}
EIGHT_BITS = (Quantize, NeuralCompressor)


@dataclass(frozen=True)
class Expectation:
    """None where the model's shape is not known before it is fetched."""

    seconds: float | None
    bytes: int | None


class Estimated(Protocol):
    """What is asked of a step."""

    @property
    def settings(self) -> StageSettings:
        """Of its stage."""

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Other models that it starts from."""


@dataclass(frozen=True)
class _Shape:
    """The widths that decide time and size."""

    hidden: int
    attention: float  # width of queries, keys and values
    intermediate: float
    layers: int
    vocabulary: int
    rank: int
    positions: int
    weight_bytes: int = 4

    @property
    def layer_params(self) -> float:
        return self.layers * self.hidden * (4 * self.attention + 2 * self.intermediate)

    @property
    def params(self) -> float:
        table = self.vocabulary * self.rank + self.positions * self.hidden
        return self.layer_params + table + self.hidden**2

    def after(self, stage: StageSettings) -> "_Shape":
        """The shape of what the stage leaves, as far as its settings tell."""
        if isinstance(stage, Distill) and stage.layers is not None:
            many = stage.layers if isinstance(stage.layers, int) else len(stage.layers)
            return replace(self, layers=many)
        if isinstance(stage, Theseus):
            many = stage.modules if isinstance(stage.modules, int) else len(stage.modules)
            return replace(self, layers=many)
        if isinstance(stage, Prune):
            return self.pruned(stage)
        if isinstance(stage, Factorize) and isinstance(stage.embeddings, int):
            return replace(self, rank=stage.embeddings)
        if isinstance(stage, Vocabulary) and stage.pieces is not None:
            return replace(self, vocabulary=min(self.vocabulary, stage.pieces))
        return replace(self, weight_bytes=1) if isinstance(stage, EIGHT_BITS) else self

    def pruned(self, stage: Prune) -> "_Shape":
        """Heads are taken to be 64 wide, or 32 in a narrow network, as BERT's family has them."""
        head = 64 if self.hidden >= 512 else 32
        by = stage.speedup or 1.0
        return replace(
            self,
            layers=len(stage.layers)
            if isinstance(stage.layers, tuple)
            else round(_kept(stage.layers, self.layers)),
            attention=head * _kept(stage.heads, self.attention / head) / by,
            intermediate=_kept(stage.intermediate, self.intermediate) / by,
        )


def expectations(steps: Iterable[Estimated], data: Data, teacher: Origin) -> Iterator[Expectation]:
    """One for each step, in order; good to a factor of two."""
    shape = start = _shape_of(teacher, data)
    for step in steps:
        if elsewhere := step.origins.get("weights"):
            shape = _shape_of(elsewhere, data)
        if shape is None or start is None:
            yield Expectation(None, None)
            continue
        shape = shape.after(step.settings)
        size = None if step.settings.aside else round(shape.weight_bytes * shape.params)
        yield Expectation(round(_seconds(step.settings, shape, start, data), 1), size)


def _seconds(stage: StageSettings, shape: _Shape, teacher: _Shape, data: Data) -> float:
    if isinstance(stage, (Export, *EIGHT_BITS)):
        return SECONDS_PER_EXPORT
    if isinstance(stage, AdversarialExamples):
        rows = stage.rows or data.rows("train") or 10_000
        asked = rows * sum(QUESTIONS[recipe] for recipe in stage.recipes)
        return 2 * shape.layer_params * asked * TOKENS_PER_TEXT / FLOPS_PER_S
    if not isinstance(stage, TrainingSettings):
        return 1.0
    tokens = _tokens(stage, data)
    passes = 6 * shape.layer_params * tokens  # forward, and twice that backward
    if isinstance(stage, Difficulty):
        models = len(stage.sparsities)
        passes *= {"runs": models, "gradual": 1, "one-shot": 0}[stage.method]
        passes += 2 * shape.layer_params * (models + 1) * tokens / stage.epochs  # and their answers
    if isinstance(stage, Student) and stage.objective.asks_teacher:  # each text once
        passes += 2 * teacher.layer_params * tokens / max(stage.epochs, 1)
    return passes / FLOPS_PER_S


def _tokens(stage: TrainingSettings, data: Data) -> int:
    texts = stage.epochs * (data.rows("train") or 10_000)
    if isinstance(stage, Student) and "transfer" in dict(data.recipe.data.by_role()):
        texts += stage.transfer_epochs * (data.rows("transfer") or 10_000)
    if isinstance(stage, Distill) and stage.augment:
        texts += stage.transfer_epochs * stage.augment.rows
    return texts * min(TOKENS_PER_TEXT, stage.max_length)


def _kept(asked: float | tuple[float, ...] | None, have: float) -> float:
    """A count, a share, or everything; of several numbers their mean."""
    if asked is None:
        return have
    if isinstance(asked, tuple):
        return sum(_kept(each, have) for each in asked) / len(asked)
    return asked * have if asked < 1 else min(asked, have)


def _shape_of(origin: Origin, data: Data) -> _Shape | None:
    folder = origin.folder
    if folder is None and origin.name.startswith("resource:"):
        folder = data.resources.fetched(origin.name.removeprefix("resource:"))
    if folder is None:
        return None
    try:
        config = json.loads(Path(folder, "config.json").read_text())
        hidden = int(config["hidden_size"])
        return _Shape(
            hidden=hidden,
            attention=hidden,
            intermediate=int(config.get("intermediate_size", 4 * hidden)),
            layers=int(config.get("num_hidden_layers", 6)),
            vocabulary=int(config["vocab_size"]),
            rank=hidden,
            positions=int(config.get("max_position_embeddings", 512)),
        )
    except (OSError, ValueError, KeyError):
        return None  # another family's words for its shape; no estimate is better than a wrong one
