"""Recipes that we ship, cut down to the made-up model and texts, so that they run in seconds."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
BY_A_SEARCH = re.compile(r"-[0-9a-f]{12}$")  # ends the names of recipes that a search has written
SHIPPED = sorted(
    path for path in (ROOT / "recipes").rglob("*.yaml") if not BY_A_SEARCH.search(path.stem)
)

SOURCE = "resource:tiny-reviews"
# What four layers of four heads and 128 neurons can give, by key of a stage.
SMALLER: dict[str, Any] = {
    "modules": 2,
    "layers": 2,
    "heads": 2,
    "intermediate": 64,
    "embeddings": 16,
    "attention": 16,
    "feed_forward": 16,
    "pieces": 200,
    "multiple_of": 8,
    "rounds": 2,
    "epochs": 1,
    "transfer_epochs": 1,
    "max_length": 48,
    "scoring_rows": 64,
    "rows": 40,
}


def cut_down(recipe: Path, target: Path) -> Path:
    """Write the same chain of stages on tiny-bert and tiny-reviews; its gate asks for nothing."""
    yaml = YAML(typ="safe")
    document = yaml.load(recipe.read_text(encoding="utf-8"))
    document["labels"] = ["negative", "positive"]
    document["teacher"]["model"] = "resource:tiny-bert"
    document["teacher"]["finetune"] = {"epochs": 3, "learning_rate": 1e-3, "max_length": 48}
    document["data"] = _data(document["data"])
    document["stages"] = [_stage(stage) for stage in document["stages"]]
    document["gate"] = [{"check": "size", "ratio_at_most": 2.0}]
    with target.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)
    return target


def _data(asked: dict[str, Any]) -> dict[str, Any]:
    """The same roles, but for those that only the gate reads."""
    tiny = {"train": {"source": SOURCE, "split": "train"}}
    tiny["validation"] = {"from": "train", "rows": 60}
    tiny["test"] = {"source": SOURCE, "split": "test", "rows": 60}
    if "transfer" in asked:
        tiny["transfer"] = {"source": SOURCE, "split": "validation", "rows": 100}
    if "calibration" in asked:
        tiny["calibration"] = {"from": "train", "rows": 32}
    return tiny


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    smaller = {key: SMALLER.get(key, value) for key, value in stage.items()}
    if str(smaller.get("weights", "input")).startswith("resource:"):
        smaller["weights"] = "resource:tiny-bert"
    if "augment" in smaller:
        smaller["augment"] = {**smaller["augment"], "rows": 40}
    return smaller
