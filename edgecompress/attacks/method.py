"""An attack and its victim: what a worker is told of them, and what their outcome hangs on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edgecompress.core.texts import Text
from edgecompress.recipe.attacking import AttackRecipe
from edgecompress.store.keys import canonical_json, file_record, folder_digest, folder_files

LIBRARIES: Final = ("textattack", "nltk", "torch", "onnxruntime", "tokenizers", "numpy")


@dataclass(frozen=True)
class Method:
    """How texts are attacked."""

    recipe: AttackRecipe
    query_budget: int | None = None  # answers after which the attacker gives up
    most_words: float | None = None  # share of them that it may change
    column: str | None = None  # of sentence pairs: which text may be changed
    thresholds: Mapping[str, float] = field(default_factory=dict)  # where the recipe has any
    files: Mapping[str, Path] = field(default_factory=dict)  # "words", "encoder": what it reads

    @property
    def name(self) -> str:
        """As reports call it. With a bound robustness looks better, so the name says it."""
        words = "" if self.most_words is None else f"-{self.most_words:.0%}"
        return self.recipe + words + ("" if self.query_budget is None else f"@{self.query_budget}")

    def told(self) -> dict[str, Any]:
        """For a worker on this machine, as JSON values."""
        bound = {} if self.most_words is None else {"most_words": self.most_words}
        return {
            "recipe": self.recipe,
            "query_budget": self.query_budget,
            **bound,  # told only where there is one: what earlier versions kept is found
            "column": self.column,
            "thresholds": dict(self.thresholds),
            "files": {name: str(path) for name, path in self.files.items()},
        }

    def asked(self) -> dict[str, Any]:
        """For a key: the same with the contents of the files instead of their places."""
        return {**self.told(), "files": {n: contents_of(path) for n, path in self.files.items()}}


@dataclass(frozen=True)
class Target:
    """The model under attack."""

    name: str  # for progress: "teacher", "candidate"
    digest: str
    folder: Path
    torch: bool = False  # else a graph for the runtime
    order: tuple[int, ...] = ()  # of its classes, where it is not that of the labels

    def told(self) -> dict[str, Any]:
        """For a worker on this machine, as JSON values."""
        return {"folder": str(self.folder), "torch": self.torch, "order": self.order}


def seed_of(seed: int, method: Method, text: Text) -> int:
    """What chance starts from at this text: neither its neighbours nor the budget change it."""
    told = canonical_json([seed, method.recipe, text])
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:4])


def contents_of(path: Path) -> str:
    """64 hexadecimal characters over a file, or over all files of a folder."""
    return folder_digest(folder_files(path)) if path.is_dir() else file_record(path).sha256
