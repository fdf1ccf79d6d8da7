"""The attack worker, which also runs TextAttack as its handbook does when a task asks for `stock`.

One process for both, since importing TextAttack takes seconds.
"""

import gc
import random
from pathlib import Path
from typing import Any

import numpy as np
import textattack
import torch
from textattack.attack_recipes import DeepWordBugGao2018, PWWSRen2019

from edgecompress.attacks import worker
from edgecompress.attacks.outcomes import Outcome
from edgecompress.runtime.model import EdgeModel

RECIPES = {"deepwordbug": DeepWordBugGao2018, "pwws": PWWSRen2019}
ours = worker.attacked


class Plain(textattack.models.wrappers.ModelWrapper):
    """What a user would write to put an ONNX model before TextAttack."""

    def __init__(self, model: EdgeModel) -> None:
        self.model = model

    def __call__(self, texts: list[str]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([self.model.logits([text]) for text in texts]))


def attacked(task: dict[str, Any]) -> Outcome:
    """As the worker, or by a fresh stock attack; or how many models this process holds."""
    if task.get("holds"):
        gc.collect()
        models = sum(isinstance(one, EdgeModel) for one in gc.get_objects())
        return Outcome(task["row"], "failed", None, models)
    if not task.get("stock"):
        return ours(task)
    model = EdgeModel.load(Path(task["target"]["folder"]), verify=False)
    attack = RECIPES[task["method"]["recipe"]].build(Plain(model))
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(task["seed"])
    result = attack.attack(task["text"], task["label"])
    kind = worker.KINDS[type(result).__name__]
    text = result.perturbed_result.attacked_text.text if kind == "succeeded" else None
    return Outcome(task["row"], kind, text, result.perturbed_result.num_queries)


worker.attacked = attacked

if __name__ == "__main__":
    worker.main()
