"""Resumable states of a training: whole or absent, and never believed unread.

    FOLDER/
      .new/                       being written; nobody looks inside
      00000007-DIGEST/            complete: it got its name by a rename, after a flush
        GROUP.safetensors ...     groups of tensors
        state.json                everything else

The digest in the name covers every file. The newest folder that still has its digest is used.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from edgecompress.core.errors import IntegrityError
from edgecompress.core.progress import Progress
from edgecompress.store.keys import folder_digest, folder_files
from edgecompress.store.sealing import flush_folder, flush_tree

Tensors = Mapping[str, Tensor]
KEPT = 2  # the one before the newest stands in when a disk has damaged the newest


@dataclass(frozen=True)
class Checkpoint:
    """What was saved: groups of named tensors, and JSON values."""

    tensors: Mapping[str, Tensors]
    state: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of one training, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, or make it; what a killed writer left behind goes."""
        self._folder = folder
        self._new = folder / ".new"
        shutil.rmtree(self._new, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint that a kill or a power cut leaves either whole or invisible."""
        self._new.mkdir()
        for group, tensors in checkpoint.tensors.items():
            whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
            save_file(whole, self._new / f"{group}.safetensors")
        text = json.dumps(dict(checkpoint.state), allow_nan=False)
        (self._new / "state.json").write_text(text, encoding="utf-8")
        flush_tree(self._new)
        done = self._complete()
        number = int(done[-1].name.split("-")[0]) + 1 if done else 0
        target = self._folder / f"{number:08d}-{folder_digest(folder_files(self._new))}"
        self._new.rename(target)
        flush_folder(self._folder)
        for old in done[: len(done) + 1 - KEPT]:
            shutil.rmtree(old)
        return target

    def newest(self, progress: Progress) -> Checkpoint | None:
        """The newest checkpoint that is as it was written; None where there is none."""
        for path in reversed(self._complete()):
            if _intact(path):
                return _read(path)
            progress.warn(f"{path}: damaged since it was written; going on from the one before")
            shutil.rmtree(path)
        return None

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._complete())

    def _complete(self) -> list[Path]:
        """Oldest first."""
        return sorted(path for path in self._folder.iterdir() if path != self._new)


def _intact(path: Path) -> bool:
    try:
        return path.name.split("-")[-1] == folder_digest(folder_files(path))
    except IntegrityError:
        return False


def _read(path: Path) -> Checkpoint:
    tensors = {file.stem: load_file(file) for file in sorted(path.glob("*.safetensors"))}
    return Checkpoint(tensors, json.loads((path / "state.json").read_text(encoding="utf-8")))
