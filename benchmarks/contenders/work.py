"""The work that all contenders share: one network, one bundle, texts that are tokens already."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Feed = Mapping[str, Ids]  # input_ids, attention_mask, token_type_ids, each [b, s]
Answer = Callable[[Feed], NDArray[np.float32]]


@dataclass(frozen=True)
class Work:
    """A folder of everything that is prepared, and where it came from."""

    folder: Path
    network: Path  # kind "torch-model"
    bundles: Mapping[str, Path]  # by contender: ours, and what --also names
    vocab_size: int
    digest: str  # of all of it: what was made of other work is made again

    def save(self) -> None:
        """Write work.json, which the contenders' processes read."""
        told = asdict(self) | {"folder": str(self.folder), "network": str(self.network)}
        told["bundles"] = {name: str(path) for name, path in self.bundles.items()}
        (self.folder / "work.json").write_text(json.dumps(told, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Work":
        """What `save` wrote."""
        told: dict[str, Any] = json.loads((folder / "work.json").read_bytes())
        bundles = {name: Path(path) for name, path in told["bundles"].items()}
        known = {"folder": folder, "network": Path(told["network"]), "bundles": bundles}
        return cls(**(told | known))

    def rows(self, role: str) -> "Rows":
        """Texts of "test" or "calibration"."""
        return Rows.read(self.folder / f"{role}.npz")

    def place(self, name: str) -> Path:
        """The folder of a contender, which is there once it is whole."""
        return self.folder / "made" / self.digest[:12] / name

    def made(self, name: str, make: Callable[["Work", Path], None]) -> Path:
        """The folder of what `make` writes, which is done once and whole."""
        done = self.place(name)
        if not done.is_dir():
            draft = done.with_name(f".{name}")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            make(self, draft)
            draft.rename(done)
        return done


@dataclass(frozen=True)
class Rows:
    """Encoded texts of different lengths, with their labels."""

    ids: Sequence[Ids]
    types: Sequence[Ids]
    labels: Ids

    @classmethod
    def read(cls, file: Path) -> "Rows":
        """What `save` wrote."""
        with np.load(file, allow_pickle=False) as kept:
            ends = np.cumsum(kept["lengths"])[:-1]
            return cls(np.split(kept["ids"], ends), np.split(kept["types"], ends), kept["labels"])

    def save(self, file: Path) -> None:
        """Write one .npz."""
        lengths = np.array([len(row) for row in self.ids])
        flat = {"ids": np.concatenate(self.ids), "types": np.concatenate(self.types)}
        np.savez(file, lengths=lengths, labels=self.labels, **flat)

    def feed(self, rows: Sequence[int]) -> Feed:
        """A batch, padded to its longest text."""
        shape = (len(rows), max(len(self.ids[row]) for row in rows))
        names = ("input_ids", "attention_mask", "token_type_ids")
        made = {name: np.zeros(shape, np.int64) for name in names}
        for place, row in enumerate(rows):
            length = len(self.ids[row])
            made["input_ids"][place, :length] = self.ids[row]
            made["attention_mask"][place, :length] = 1
            made["token_type_ids"][place, :length] = self.types[row]
        return made

    def batches(self, size: int) -> Iterator[Feed]:
        """All rows in order, `size` at a time."""
        for start in range(0, len(self.ids), size):
            yield self.feed(range(start, min(start + size, len(self.ids))))


def made_up(batch: int, tokens: int, vocab_size: int, seed: int) -> Feed:
    """A batch without padding, of ids that mean nothing; times do not depend on them."""
    ids = np.random.default_rng(seed).integers(vocab_size, size=(batch, tokens))
    return {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }
