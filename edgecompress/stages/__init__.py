"""The stages: each makes one artifact out of another.

`STAGES` is the whole registry; the word in the recipe, the settings class and the module agree.
"""

from edgecompress.stages import (
    adopt,
    adversarial_examples,
    cells,
    difficulty,
    distill,
    export,
    factorize,
    finetune,
    neural_compressor,
    prune,
    qat,
    quantize,
    theseus,
    vocabulary,
)
from edgecompress.stages.context import StageContext, StageFunction

STAGES: dict[str, StageFunction] = {
    "finetune": finetune.run,
    "adopt": adopt.run,
    "difficulty": difficulty.run,
    "adversarial-examples": adversarial_examples.run,
    "distill": distill.run,
    "theseus": theseus.run,
    "prune": prune.run,
    "cells": cells.run,
    "factorize": factorize.run,
    "vocabulary": vocabulary.run,
    "qat": qat.run,
    "export": export.run,
    "quantize": quantize.run,
    "neural-compressor": neural_compressor.run,
}

__all__ = ["STAGES", "StageContext", "StageFunction"]
