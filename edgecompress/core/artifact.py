"""An artifact: one sealed folder, and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Facts = Mapping[str, Any]
"""What a stage wants told about its work; JSON values only."""


@dataclass(frozen=True)
class Artifact:
    """What one step made.

    The key says what was asked (so it is known before the work); the digest says what came out (so
    the next step is keyed by contents, not by intentions).
    """

    kind: str  # "pretrained", "torch-model", "onnx-model", "measurements", "report"
    key: str  # 64 hexadecimal characters
    digest: str  # 64 hexadecimal characters over the paths and contents of all files
    path: Path  # read-only by convention: nothing writes below it after sealing
    parents: tuple[str, ...]  # digests
    facts: Facts
