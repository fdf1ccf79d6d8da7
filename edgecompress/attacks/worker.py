"""`python -m edgecompress.attacks.worker`: attacks the texts that come on stdin, one a line.

Only processes with the environment of `offline.py` run this: importing TextAttack changes much of
what it touches.
"""

import json
import os
import random
import sys
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

import nltk
import numpy as np
import textattack
import torch
from textattack.shared import attacked_text

from edgecompress.attacks.outcomes import Kind, Outcome
from edgecompress.attacks.recipes import build
from edgecompress.attacks.victim import NoAnswer, Victim
from edgecompress.core.case import Relabelled
from edgecompress.core.pool import Task
from edgecompress.core.texts import Text
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.attacking import COLUMNS
from edgecompress.runtime.model import EdgeModel

KINDS: dict[str, Kind] = {
    "SkippedAttackResult": "skipped",
    "FailedAttackResult": "failed",
    "SuccessfulAttackResult": "succeeded",
    "MaximizedAttackResult": "reduced",
}
MODELS = 2  # that a worker holds; a crew may attack hundreds, one after the other
DEEPEST = 100_000  # TextAttack frees a text and those it was made from by calling itself


def main() -> None:
    """Answer until nobody asks any more."""
    settle()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # TextAttack prints; stdout is for outcomes alone
    for line in sys.stdin:
        print(json.dumps(attacked(json.loads(line)).as_json()), file=answers, flush=True)


def settle() -> None:
    """Make TextAttack and what it uses behave; once for a process."""
    sys.setrecursionlimit(DEEPEST)
    torch.set_num_threads(1)
    nltk.download = _refuse
    attacked_text.words_from_text = _words


def attacked(task: Task) -> Outcome:
    """What becomes of one text."""
    attack = _attack(json.dumps(task["method"]), json.dumps(task["target"]))
    text: Text = task["text"] if isinstance(task["text"], str) else tuple(task["text"])
    random.seed(task["seed"])
    np.random.seed(task["seed"])
    torch.manual_seed(task["seed"])
    attack.clear_cache()
    try:
        kind, changed = _result(attack, text, task["label"])
    except NoAnswer as broken:
        kind, changed = ("skipped", None) if broken.text == text else ("succeeded", broken.text)
    except Exception as error:  # TextAttack fails on some texts in ways of its own
        return Outcome(task["row"], "unattackable", None, 0, f"{type(error).__name__}: {error}")
    return Outcome(task["row"], kind, changed, attack.goal_function.num_queries)


def _result(attack: textattack.Attack, text: Text, label: int) -> tuple[Kind, Text | None]:
    columns = text if isinstance(text, str) else OrderedDict(zip(COLUMNS, text, strict=True))
    result = attack.attack(columns, label)
    kind = KINDS[type(result).__name__]
    if kind in ("skipped", "failed"):
        return kind, None
    return kind, result.perturbed_result.attacked_text.tokenizer_input


@lru_cache(MODELS)
def _attack(method: str, target: str) -> textattack.Attack:
    return build(_victim(target), json.loads(method))


@lru_cache(MODELS)
def _victim(target: str) -> Victim:
    told = json.loads(target)
    folder = Path(told["folder"])
    if told["torch"]:
        return Victim(TorchPredictor(folder, threads=1))
    model = EdgeModel.load(folder, threads=1, verify=False)
    return Victim(Relabelled(model, tuple(told["order"])) if told["order"] else model)


_split = lru_cache(2**16)(attacked_text.words_from_text)


def _words(text: str) -> list[str]:
    """TextAttack cuts each word of a text anew for every candidate, which is half its own time."""
    return list(_split(text))


def _refuse(*names: str, **options: object) -> bool:
    """Recipes ask NLTK to fetch what it has; nothing is fetched here."""
    return False


if __name__ == "__main__":
    main()
