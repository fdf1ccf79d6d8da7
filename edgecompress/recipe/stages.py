"""All stages that a user may write under `teacher.finetune` and `stages`."""

from typing import Annotated

from pydantic import Field

from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.cells import Cells
from edgecompress.recipe.learning import Adopt, Difficulty, Distill, Finetune, Qat, Theseus
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.recipe.shrinking import Factorize, Prune, Vocabulary
from edgecompress.recipe.stage import StageSettings

STAGES: dict[str, type[StageSettings]] = {
    "finetune": Finetune,
    "adopt": Adopt,
    "difficulty": Difficulty,
    "adversarial-examples": AdversarialExamples,
    "distill": Distill,
    "theseus": Theseus,
    "prune": Prune,
    "cells": Cells,
    "factorize": Factorize,
    "vocabulary": Vocabulary,
    "qat": Qat,
    "export": Export,
    "quantize": Quantize,
    "neural-compressor": NeuralCompressor,
}

AnyStage = Annotated[
    Finetune
    | Difficulty
    | AdversarialExamples
    | Distill
    | Theseus
    | Prune
    | Cells
    | Factorize
    | Vocabulary
    | Qat
    | Export
    | Quantize
    | NeuralCompressor,
    Field(discriminator="kind"),
]
